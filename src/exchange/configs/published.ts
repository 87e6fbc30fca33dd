import type { Reference, ReferenceConfig } from '../../core/methods/reference.js'
import { methods } from '../../core/methods/registry.js'
import type { ConfigValue } from './value.js'

/** A configuration that the reference ships. */
export interface PublishedConfig {
  /** Method and the file's name without its ending, as in `promptsrc/vit_b16_c2_ep20_batch4_4+4ctx`. */
  readonly name: string
  readonly method: string
  /** What it is for. */
  readonly use: string
  /** All keys that it sets. */
  readonly values: Readonly<Record<string, ConfigValue>>
}

/** What all of them share. */
const common = {
  'DATALOADER.TEST.BATCH_SIZE': 100,
  'DATALOADER.NUM_WORKERS': 8,
  'INPUT.SIZE': [224, 224],
  'INPUT.INTERPOLATION': 'bicubic',
  'INPUT.PIXEL_MEAN': [0.48145466, 0.4578275, 0.40821073],
  'INPUT.PIXEL_STD': [0.26862954, 0.26130258, 0.27577711],
  'INPUT.TRANSFORMS': ['random_resized_crop', 'random_flip', 'normalize'],
  'OPTIM.NAME': 'sgd',
  'OPTIM.LR_SCHEDULER': 'cosine',
  'OPTIM.WARMUP_EPOCH': 1,
  'OPTIM.WARMUP_TYPE': 'constant',
  'OPTIM.WARMUP_CONS_LR': 1e-5,
} as const

/**
 * The configurations of the reference's `configs/trainers`, method by method, each method's main one first.
 */
export const publishedConfigs: readonly PublishedConfig[] = Object.values(methods).flatMap(
  ({ name, reference }) =>
    reference ? reference.configs.map((config) => published(name, reference, config)) : [],
)

function published(
  method: string,
  { trainer }: Reference,
  {
    file,
    use,
    epochs,
    batchSize,
    learningRate,
    model = 'ViT-B/16',
    values,
    printEvery = 20,
  }: ReferenceConfig,
): PublishedConfig {
  const own = Object.entries(values).map(([key, value]) => [`TRAINER.${trainer.toUpperCase()}.${key}`, value])
  return {
    name: `${method}/${file}`,
    method,
    use,
    values: {
      ...common,
      'DATALOADER.TRAIN_X.BATCH_SIZE': batchSize,
      'OPTIM.LR': learningRate,
      'OPTIM.MAX_EPOCH': epochs,
      'TRAIN.PRINT_FREQ': printEvery,
      'MODEL.BACKBONE.NAME': model,
      'TRAINER.NAME': trainer,
      ...Object.fromEntries(own),
    },
  }
}
