import type { SettingsInput } from '../train/settings.js'
import type { Method } from './method.js'

/** A benchmark's training, by which published settings are chosen. */
export interface TrainingContext {
  /** One of the paper's experiments (sections 4.1 to 4.4), ViFi-CLIP's on all images, or ProText's text-only supervision. */
  readonly protocol:
    | 'base-to-novel'
    | 'cross-dataset'
    | 'domain-generalization'
    | 'few-shot'
    | 'fully-supervised'
    | 'text-only'
  /** Data set that is trained on, as the reference names it. */
  readonly source: string
  readonly shots: number
}

/** Whether one source is trained on for all that is measured. */
export const acrossDatasets = ({ protocol }: TrainingContext): boolean =>
  protocol === 'cross-dataset' || protocol === 'domain-generalization'

/** Settings of a published training; what is left out is the method's default. */
export type PublishedSettings = Pick<
  SettingsInput,
  'epochs' | 'warmupEpochs' | 'batchSize' | 'learningRate' | 'methodOptions'
>

/** Classes of the data sets of the benchmarks. */
const classesOf: Readonly<Record<string, number>> = {
  ImageNet: 1000,
  Caltech101: 100,
  OxfordPets: 37,
  StanfordCars: 196,
  OxfordFlowers: 102,
  Food101: 101,
  FGVCAircraft: 100,
  SUN397: 397,
  DescribableTextures: 47,
  EuroSAT: 10,
  UCF101: 101,
}

/**
 * Epochs that make about so many steps a shot, whatever the classes: the budget of methods that count steps.
 * Undefined where a data set's number of classes is not known.
 */
export function epochsOfSteps(
  steps: number,
  batchSize: number,
  { protocol, source }: TrainingContext,
): number | undefined {
  const classes = Object.hasOwn(classesOf, source) ? classesOf[source]! : undefined
  if (classes === undefined) return undefined
  const trained = protocol === 'base-to-novel' ? Math.ceil(classes / 2) : classes
  return Math.max(1, Math.round((steps * batchSize) / trained))
}

/** A method in the Python code (github.com/muzairkhattak/PromptSRC): its trainer, its checkpoints, its configurations. */
export interface Reference {
  /** As in TRAINER.NAME; in capitals the name of its section. */
  readonly trainer: string
  /** Folder of its checkpoints, the name under which the model is registered. */
  readonly folder: string
  /** True where only the prompt learner is saved, whose tensors then lack the prefix `prompt_learner.`. */
  readonly alone: boolean
  /** Keys of its section, in the order of its files. */
  readonly keys: Readonly<Record<string, ReferenceKey>>
  /** Options that the values set, where they are not just the values; problems are reported by key. */
  adjust?(
    values: Readonly<Record<string, ReferenceValue>>,
    problem: (key: string, message: string) => void,
  ): Readonly<Record<string, ReferenceValue | undefined>>
  /** Configurations of `configs/trainers`, the main one first. */
  readonly configs: readonly ReferenceConfig[]
  /** The options that a checkpoint's tensors tell; undefined where they are not this method's. */
  recognise(tensors: CheckpointTensors): Readonly<Record<string, unknown>> | undefined
}

/** A value of the reference's configurations. */
export type ReferenceValue = string | number | boolean

/** A key of a trainer's section. */
export interface ReferenceKey {
  /** The default of the reference's training program. */
  readonly value: ReferenceValue
  /** The option of the method that it sets; without one it has no effect. */
  readonly option?: string
  /** The least number that is taken, where it is not the option's. */
  readonly least?: number
}

/** A configuration that the reference ships. */
export interface ReferenceConfig {
  /** The file's name without its ending. */
  readonly file: string
  /** What it is for. */
  readonly use: string
  readonly epochs: number
  readonly batchSize: number
  readonly learningRate: number
  /** Default: ViT-B/16. */
  readonly model?: string
  /** What it sets of the trainer's section. */
  readonly values: Readonly<Record<string, ReferenceValue>>
  /** TRAIN.PRINT_FREQ; default: 20. */
  readonly printEvery?: number
}

/** Names and shapes of a checkpoint's tensors. */
export interface CheckpointTensors {
  readonly names: readonly string[]
  /** Of a tensor of the prompt learner, with or without that prefix, or of any other. */
  shape(name: string): readonly number[] | undefined
}

/** `PREC`, which every trainer has: all is computed in 32-bit floating point. */
export const precision: ReferenceKey = { value: 'fp16' }

/** The number of words decides the length of a context that starts from words (CoOp and CoCoOp). */
export const wordsDecideLength: NonNullable<Reference['adjust']> = ({ CTX_INIT, CSC }, problem) => {
  if (CTX_INIT === '') return {}
  if (CSC === true)
    problem(
      'CSC',
      'a context that starts from words is shared by all classes; set CTX_INIT to "" or CSC to False',
    )
  return { context: String(CTX_INIT).replaceAll('_', ' ').split(' ').length }
}

/** The options that values of the trainer's section set. */
export function referenceOptions(
  { keys, adjust }: Reference,
  values: Readonly<Record<string, ReferenceValue>>,
  problem: (key: string, message: string) => void = () => {},
): Record<string, unknown> {
  const all = {
    ...Object.fromEntries(Object.entries(keys).map(([key, { value }]) => [key, value])),
    ...values,
  }
  const plain = Object.entries(keys).flatMap(([key, { option }]) => (option ? [[option, all[key]]] : []))
  const options = Object.entries({ ...Object.fromEntries(plain), ...adjust?.(all, problem) })
  return Object.fromEntries(options.filter(([, value]) => value !== undefined))
}

/** Settings of a configuration that the reference ships for a method. */
export function referenceSettings({ name, reference }: Method, file: string): PublishedSettings {
  const config = reference?.configs.find((each) => each.file === file)
  if (!config) throw new RangeError(`${name} has no published configuration ${file}`)
  const { epochs, batchSize, learningRate, values } = config
  return { epochs, batchSize, learningRate, methodOptions: referenceOptions(reference!, values) }
}
