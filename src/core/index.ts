export type { BlockOptions, RotaryPositions } from './clip/block.js'
export type { AttentionPart, BlockWeights, Linear, Norm, Tuning } from './clip/block-weights.js'
export { Clip, type ClipParts, type TunedFrom } from './clip/clip.js'
export type {
  ClipConfig,
  Eva02Config,
  ResNetConfig,
  TextConfig,
  VisionConfig,
  VisionTransformerConfig,
} from './clip/config.js'
export type { Values } from './clip/merged-clip.js'
export type { ClassPosition } from './clip/prompt-layout.js'
export type { ClassStates, TextPrompts } from './clip/prompted-text.js'
export {
  type ClassFeaturesKey,
  type ClassFeaturesOptions,
  type ClassTexts,
  classFeatures,
  type OnProgress,
  type TextFeatureCache,
} from './clip/text-features.js'
export type { TextTowerWeights } from './clip/towers/text-tower.js'
export type {
  ImageTower,
  InsertedTokens,
  NamedShape,
  Projection,
  Shape,
  TowerTraits,
  VisualPrompts,
} from './clip/towers/tower.js'
export type { ClipTensors } from './clip/weights.js'
export { type ClassSelection, selectClasses } from './data/base-novel.js'
export type {
  CachedDraw,
  Dataset,
  DataWarning,
  Datum,
  Descriptions,
  FrameSource,
  ImageFile,
  Part,
} from './data/dataset.js'
export { type FewShotDataset, fewShot, type Shortage } from './data/few-shot.js'
export type { PixelCache } from './data/loader.js'
export {
  ComputeError,
  ConfigError,
  DataError,
  ImageError,
  TrainingError,
  UserError,
  WeightsError,
} from './errors.js'
export {
  type Classified,
  type Classifier,
  type ClassifierOptions,
  type Learned,
  promptedClassifier,
  zeroShotClassifier,
} from './evaluate/classifier.js'
export { type CreateClassifierOptions, createClassifier, type Run } from './evaluate/create-classifier.js'
export {
  type EvaluatedPart,
  type EvaluateOptions,
  type Evaluation,
  type EvaluationJournal,
  evaluateClassifier,
} from './evaluate/evaluate.js'
export type {
  EvaluationCaches,
  FeatureCache,
  FoundFeatures,
  TowerFeatures,
} from './evaluate/feature-batches.js'
export type { FrozenImageTower } from './evaluate/frozen-image-tower.js'
export { harmonicMean, type Metrics } from './evaluate/metrics.js'
export type { Judgement, Rejection } from './evaluate/none-of-these.js'
export {
  type ClassProbability,
  type NamedImage,
  type PredictEachOptions,
  type Prediction,
  type PredictOptions,
  predictImages,
} from './evaluate/predict.js'
export type { Answer, Verdict } from './evaluate/verdict.js'
export type {
  ArrayOf,
  ConstantOrigin,
  DerivedFile,
  DType,
  EncodedGraph,
  ExternalWeight,
  GraphNode,
  HostTensor,
  LoadValues,
  Operator,
  Origin,
  Tensor,
  WeightsFile,
} from './graph/index.js'
/** Symbolic tensors, their operators and gradients: what methods and towers are written in. */
export * as graph from './graph/index.js'
export { type Exif, oriented } from './image/orientation.js'
export {
  clipPreprocessing,
  normalize,
  type PixelForm,
  type Preprocessing,
  type Rgb,
  type TestView,
  testTransform,
} from './image/preprocess.js'
export type { Interpolation, RgbImage } from './image/resize.js'
export type {
  ClassHead,
  Configuration,
  ConfiguredMethod,
  Examples,
  FeatureInputs,
  Lookup,
  LossTerms,
  Method,
  NextStage,
  ParameterSpec,
  Prompts,
  SentenceInputs,
  Step,
  StepFeatures,
  StepInputs,
  TrainingDefaults,
} from './methods/method.js'
export type {
  AggregationOptions,
  AggregationState,
  GaussianAggregationOptions,
} from './methods/prompt-aggregation.js'
export {
  crossEntropy,
  frozenFeatures,
  type PromptedFeatures,
  type PromptedMethod,
  promptedFeatures,
  withLogits,
} from './methods/prompted-features.js'
export { regulated } from './methods/promptsrc.js'
export type {
  CheckpointTensors,
  PublishedSettings,
  Reference,
  ReferenceConfig,
  ReferenceKey,
  ReferenceValue,
  TrainingContext,
} from './methods/reference.js'
export { configure, type MethodChoice, methodNamed, methods, registerMethod } from './methods/registry.js'
export type { Activation, Model, ModelCaches } from './model.js'
export type { ModelReference, StatedByCaller } from './model-reference.js'
export { type RandomStream, randomStream } from './random.js'
export type { HeldOutFigures, RejectionChoice } from './run/held-out-figures.js'
export type { RecordRunOptions } from './run/record-run.js'
export type { RunConfig } from './run/run-config.js'
export type { LogEntry } from './run/run-store.js'
export type { Agreement } from './runtime/check-graph.js'
export type { Device, DeviceChoice, Precision } from './runtime/device.js'
export type { Runtime, Session, TensorMap, WholeTensor } from './runtime/session.js'
export type { Tokenizer, TokenizerOptions, Vocabulary } from './tokenizer/tokenizer.js'
export type { Normalization } from './tokenizer/tokenizer-cleaning.js'
export type { AdamWOptions } from './train/adam.js'
export type {
  Optimizer,
  OptimizerState,
  OptimizerStep,
  SymbolicOptimizer,
  Tensors,
} from './train/optimizer.js'
export type { Decay, ScheduleConfig, Warmup } from './train/schedule.js'
export { resolveSettings, type Settings, type SettingsInput } from './train/settings.js'
export type { FittedStep } from './train/step-memory.js'
export type { StepResult } from './train/steps.js'
export {
  type TrainEvent,
  type TrainingInput,
  type TrainPromptsOptions,
  trainPrompts,
} from './train/train-prompts.js'
export {
  encodePrompts,
  type LoadedPrompts,
  readPrompts,
  type TrainedPrompts,
} from './train/trained-prompts.js'
export { type StepPlanOptions, Trainer, type TrainerOptions, type TrainerState } from './train/trainer.js'
export { type MachineRate, secondsOf, type TrainingCost } from './train/training-cost.js'
export type { ByteSource } from './weights/byte-source.js'
export { inferClipConfig } from './weights/clip-config.js'
export { tensorsOf } from './weights/clip-tensors.js'
export { type ConfigName, type FoundConfig, statedConfigs } from './weights/configs.js'
export { type CanonicalWeights, canonicalWeights, type Naming } from './weights/names.js'
export {
  decodeSafetensors,
  encodeSafetensors,
  type SafetensorsFile,
  safetensorsOf,
  type TensorData,
  type TensorsToWrite,
} from './weights/safetensors.js'
export type { StateDict, WeightDType, WeightEntry } from './weights/state-dict.js'
export type { StatedConfig, StatedSize } from './weights/stated-config.js'
