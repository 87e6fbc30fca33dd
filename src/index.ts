export { type ClassSelection, selectClasses } from './core/data/base-novel.js'
export type { Dataset, DataWarning, Datum } from './core/data/dataset.js'
export { ConfigError, DataError, ImageError, TrainingError, UserError, WeightsError } from './core/errors.js'
export { type Classifier, type ClassifierOptions, zeroShotClassifier } from './core/evaluate/classifier.js'
export {
  type CreateClassifierOptions,
  createClassifier,
  type Run,
} from './core/evaluate/create-classifier.js'
export { type EvaluateOptions, type Evaluation, evaluateClassifier } from './core/evaluate/evaluate.js'
export { harmonicMean, type Metrics } from './core/evaluate/metrics.js'
export type { ClassProbability, Prediction, PredictOptions } from './core/evaluate/predict.js'
export { type EnsembleName, type TemplateChoice, templatesFor } from './core/evaluate/zero-shot.js'
export type { RgbImage } from './core/image/image.js'
export { type Interpretation, type InterpretOptions, interpretRun } from './core/interpret/interpret-run.js'
export { type MethodName, methods } from './core/methods/registry.js'
export type { Model } from './core/model.js'
export {
  type MeasuredProbe,
  type MeasureProbeOptions,
  measureLinearProbe,
} from './core/probe/measure-probe.js'
export type { Settings, SettingsInput } from './core/train/settings.js'
export { type TrainEvent, type TrainPromptsOptions, trainPrompts } from './core/train/train-prompts.js'
export type { TrainedPrompts } from './core/train/trained-prompts.js'
export { type ToySet, toyDataset, toySets } from './core/world/datasets.js'
export { toyProtocols } from './core/world/protocols.js'
export { exportCheckpoint } from './exchange/checkpoints/export-checkpoint.js'
export {
  type ImportedPrompts,
  type ImportOptions,
  importCheckpoint,
} from './exchange/checkpoints/import-checkpoint.js'
export { type ReadConfigOptions, readConfig, type TrainConfig } from './exchange/configs/config.js'
export { type PublishedConfig, publishedConfigs } from './exchange/configs/published.js'
export type {
  Engine,
  EngineOptions,
  TaskState,
  TaskUpdate,
  UnitTask,
} from './lab/engines/engine.js'
export { type LocalOptions, localEngine } from './lab/engines/local.js'
export type { SlurmOptions, SlurmResources } from './lab/engines/slurm/options.js'
export { slurmEngine } from './lab/engines/slurm.js'
export { type FinishedUnit, runBenchmark } from './lab/plans/benchmark.js'
export type { ProtocolData } from './lab/plans/cells.js'
export { type BenchmarkOptions, type PlannedUnit, planBenchmark } from './lab/plans/plan.js'
export { type Protocol, protocols } from './lab/plans/protocol.js'
export { type DataChoice, protocolData } from './lab/plans/protocol-data.js'
export { type AggregateOptions, aggregate } from './lab/results/aggregate.js'
export type { Observation } from './lab/results/observation.js'
export { type Results, readResults } from './lab/results/read-results.js'
export type { Figure, ResultRow, ResultTable } from './lab/results/result-table.js'
export type { UnitSpec } from './lab/units/unit.js'
export type { DataReference } from './lab/units/unit-data.js'
export type { UnitFailure, UnitResult } from './lab/units/unit-files.js'
export { type FolderOptions, openFolder } from './node/data/folder.js'
export { type ListedDataset, type ListedFileOptions, openListedFile } from './node/data/listed-file.js'
export { type OpenDatasetOptions, openDataset } from './node/data/open-dataset.js'
export { predict } from './node/data/predict.js'
export { imageFiles } from './node/data/sample-images.js'
export { datasetNamed, datasets } from './node/datasets/registry.js'
export type {
  Annotations,
  DatasetSource,
  OpenContext,
  SourceDataset,
  SourceFile,
} from './node/datasets/source.js'
export { type LoadModelOptions, loadModel } from './node/model.js'
export { type LoadRunOptions, loadRun } from './node/run.js'
export { loadPrompts, savePrompts } from './node/runs/prompts-file.js'
export { type TrainRunOptions, trainRun } from './node/runs/train-run.js'
