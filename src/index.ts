export {
  ComputeError,
  ConfigError,
  DataError,
  ImageError,
  TrainingError,
  UserError,
  WeightsError,
} from './core/errors.js'
export { zeroShotClassifier } from './core/evaluate/classifier.js'
export { createClassifier } from './core/evaluate/create-classifier.js'
export { evaluateClassifier } from './core/evaluate/evaluate.js'
export { evaluateViews, testViews } from './core/evaluate/evaluate-views.js'
export { harmonicMean } from './core/evaluate/metrics.js'
export { type EnsembleName, type TemplateChoice, templatesFor } from './core/evaluate/zero-shot.js'
export type * from './core/export/index.js'
export type * from './core/index.js'
export type {
  ContextPrompt,
  ContextVector,
  ContextWordsOptions,
  NearWord,
  VectorStart,
} from './core/interpret/context-words.js'
export type {
  ImageAttention,
  ImageAttentionOptions,
  LookedAtImage,
  View,
} from './core/interpret/image-attention.js'
export { type Interpretation, type InterpretOptions, interpretRun } from './core/interpret/interpret-run.js'
export type { TokenName } from './core/interpret/token-name.js'
export { regulated } from './core/methods/promptsrc.js'
export { methods, registerMethod } from './core/methods/registry.js'
export type { LinearWeights } from './core/probe/linear-logits.js'
export type { LinearProbe } from './core/probe/linear-probe.js'
export {
  type MeasuredProbe,
  type MeasureProbeOptions,
  measureLinearProbe,
  type ProbeProgress,
} from './core/probe/measure-probe.js'
export { type ToySet, toyDataset } from './core/world/datasets.js'
export type { ArtStyle, EmojiArt } from './core/world/emoji/art.js'
export { type EmojiOptions, emojiDataset } from './core/world/emoji/datasets.js'
export type { RgbaImage } from './core/world/emoji/sprite.js'
export type { Style } from './core/world/style.js'
export { exportCheckpoint } from './exchange/checkpoints/export-checkpoint.js'
export {
  type ImportedPrompts,
  type ImportOptions,
  importCheckpoint,
} from './exchange/checkpoints/import-checkpoint.js'
export { type ReadConfigOptions, readConfig, type TrainConfig } from './exchange/configs/config.js'
export { type PublishedConfig, publishedConfigs } from './exchange/configs/published.js'
export type { ConfigValue } from './exchange/configs/value.js'
export {
  type ExportedFiles,
  type ExportRunOptions,
  exportFormats,
  exportRun,
} from './exchange/exports/export-run.js'
export type {
  Annotations,
  DatasetSource,
  OpenContext,
  SourceDataset,
  SourceFile,
} from './node/data/dataset-source.js'
export { type DecodeOptions, decodeImage } from './node/data/decode.js'
export { openDescriptions } from './node/data/descriptions.js'
export { type FolderDataset, type FolderOptions, openFolder } from './node/data/folder.js'
export { type ListedDataset, type ListedFileOptions, openListedFile } from './node/data/listed-file.js'
export { type PredictFilesOptions, predict } from './node/data/predict.js'
export { imageFiles } from './node/data/sample-images.js'
export { datasetNamed, datasets } from './node/datasets/registry.js'
export type { WriteExportOptions } from './node/exports/write-export.js'
export type { DownloadProgress } from './node/hub/download.js'
export { type LoadModelOptions, loadModel } from './node/model.js'
export { type OpenDatasetOptions, openDataset } from './node/open-dataset.js'
export { type LoadRunOptions, loadRun } from './node/run.js'
export { loadPrompts, savePrompts } from './node/runs/prompts-file.js'
export { type TrainRunOptions, trainRun } from './node/runs/train-run.js'
export type { NodeRuntimeOptions } from './node/runtime/node-runtime.js'
export type { OpenRuntimeOptions, TakenDevice } from './node/runtime/open-runtime.js'
export { emojiArt } from './node/world/emoji-art.js'
