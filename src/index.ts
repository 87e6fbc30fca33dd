export { exportCheckpoint } from './checkpoints/export-checkpoint.js'
export {
  type ImportedPrompts,
  type ImportOptions,
  importCheckpoint,
} from './checkpoints/import-checkpoint.js'
export { type ReadConfigOptions, readConfig, type TrainConfig } from './configs/config.js'
export { type PublishedConfig, publishedConfigs } from './configs/published.js'
export { type ClassSelection, selectClasses } from './data/base-novel.js'
export type { Dataset, Datum } from './data/dataset.js'
export { type FolderOptions, openFolder } from './data/folder.js'
export type { RgbImage } from './data/image.js'
export { ConfigError, DataError, ImageError, TrainingError, UserError, WeightsError } from './errors.js'
export { type Classifier, type ClassifierOptions, zeroShotClassifier } from './evaluate/classifier.js'
export { type EvaluateOptions, type Evaluation, evaluateClassifier } from './evaluate/evaluate.js'
export { harmonicMean, type Metrics } from './evaluate/metrics.js'
export { type ClassProbability, type Prediction, type PredictOptions, predict } from './evaluate/predict.js'
export { type Interpretation, type InterpretOptions, interpretRun } from './interpret/interpret-run.js'
export { imageFiles } from './interpret/sample-images.js'
export { type MethodName, methods } from './methods/registry.js'
export { type LoadModelOptions, loadModel, type Model } from './model.js'
export {
  type CreateClassifierOptions,
  createClassifier,
  type LoadRunOptions,
  loadRun,
  type Run,
} from './run.js'
export { type ToySet, toyDataset, toySets } from './toy/datasets.js'
export { toyProtocols } from './toy/protocols.js'
export { loadPrompts, savePrompts, type TrainedPrompts } from './train/prompts-file.js'
export type { Settings, SettingsInput } from './train/settings.js'
export { type TrainEvent, type TrainPromptsOptions, trainPrompts } from './train/train-prompts.js'
export { type TrainRunOptions, trainRun } from './train/train-run.js'
