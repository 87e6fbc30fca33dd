export { exportCheckpoint } from './checkpoints/export-checkpoint.js'
export {
  type ImportedPrompts,
  type ImportOptions,
  importCheckpoint,
} from './checkpoints/import-checkpoint.js'
export { type ReadConfigOptions, readConfig, type TrainConfig } from './configs/config.js'
export { type PublishedConfig, publishedConfigs } from './configs/published.js'
export { type ClassSelection, selectClasses } from './data/base-novel.js'
export type { Dataset, DataWarning, Datum } from './data/dataset.js'
export { type FolderOptions, openFolder } from './data/folder.js'
export type { RgbImage } from './data/image.js'
export { type ListedDataset, type ListedFileOptions, openListedFile } from './data/listed-file.js'
export { type OpenDatasetOptions, openDataset } from './data/open-dataset.js'
export { datasetNamed, datasets } from './datasets/registry.js'
export type {
  Annotations,
  DatasetSource,
  OpenContext,
  SourceDataset,
  SourceFile,
} from './datasets/source.js'
export type {
  Engine,
  EngineOptions,
  TaskState,
  TaskUpdate,
  UnitTask,
} from './engines/engine.js'
export { type LocalOptions, localEngine } from './engines/local.js'
export type { SlurmOptions, SlurmResources } from './engines/slurm/options.js'
export { slurmEngine } from './engines/slurm.js'
export { ConfigError, DataError, ImageError, TrainingError, UserError, WeightsError } from './errors.js'
export { type Classifier, type ClassifierOptions, zeroShotClassifier } from './evaluate/classifier.js'
export { type EvaluateOptions, type Evaluation, evaluateClassifier } from './evaluate/evaluate.js'
export { harmonicMean, type Metrics } from './evaluate/metrics.js'
export { type ClassProbability, type Prediction, type PredictOptions, predict } from './evaluate/predict.js'
export { type EnsembleName, type TemplateChoice, templatesFor } from './evaluate/zero-shot.js'
export { type Interpretation, type InterpretOptions, interpretRun } from './interpret/interpret-run.js'
export { imageFiles } from './interpret/sample-images.js'
export { type MethodName, methods } from './methods/registry.js'
export { type LoadModelOptions, loadModel, type Model } from './model.js'
export {
  type MeasuredProbe,
  type MeasureProbeOptions,
  measureLinearProbe,
} from './probe/measure-probe.js'
export { type FinishedUnit, runBenchmark } from './protocols/benchmark.js'
export type { ProtocolData } from './protocols/cells.js'
export { type BenchmarkOptions, type PlannedUnit, planBenchmark } from './protocols/plan.js'
export { type Protocol, protocols } from './protocols/protocol.js'
export { type DataChoice, protocolData } from './protocols/protocol-data.js'
export { type AggregateOptions, aggregate } from './results/aggregate.js'
export type { Observation } from './results/observation.js'
export { type Results, readResults } from './results/read-results.js'
export type { Figure, ResultRow, ResultTable } from './results/result-table.js'
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
export type { UnitSpec } from './units/unit.js'
export type { DataReference } from './units/unit-data.js'
export type { UnitFailure, UnitResult } from './units/unit-files.js'
