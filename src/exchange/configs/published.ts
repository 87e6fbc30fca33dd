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

interface Recipe {
  readonly batch: number
  readonly lr: number
  readonly epochs: number
  readonly model?: string
  readonly printFreq?: number
}

function published(
  trainer: string,
  file: string,
  use: string,
  { batch, lr, epochs, model = 'ViT-B/16', printFreq = 20 }: Recipe,
  options: Readonly<Record<string, ConfigValue>>,
): PublishedConfig {
  const section = trainer.toUpperCase()
  const own = Object.entries(options).map(([key, value]) => [`TRAINER.${section}.${key}`, value])
  return {
    name: `${trainer.toLowerCase()}/${file}`,
    method: trainer.toLowerCase(),
    use,
    values: {
      ...common,
      'DATALOADER.TRAIN_X.BATCH_SIZE': batch,
      'OPTIM.LR': lr,
      'OPTIM.MAX_EPOCH': epochs,
      'TRAIN.PRINT_FREQ': printFreq,
      'MODEL.BACKBONE.NAME': model,
      'TRAINER.NAME': trainer,
      ...Object.fromEntries(own),
    },
  }
}

const words = 'a photo of a'

const both = (vectors: number, depth: number) => ({
  N_CTX_VISION: vectors,
  N_CTX_TEXT: vectors,
  CTX_INIT: words,
  PREC: 'fp16',
  PROMPT_DEPTH_VISION: depth,
  PROMPT_DEPTH_TEXT: depth,
})

const promptSrc = (file: string, use: string, epochs: number, depth: number, mean: number, std: number) =>
  published(
    'PromptSRC',
    file,
    use,
    { batch: 4, lr: 0.0025, epochs },
    {
      ...both(4, depth),
      TEXT_LOSS_WEIGHT: 25,
      IMAGE_LOSS_WEIGHT: 10,
      GPA_MEAN: mean,
      GPA_STD: std,
    },
  )

const maple = (file: string, use: string, lr: number, depth: number) =>
  published(
    'MaPLe',
    file,
    use,
    { batch: 4, lr, epochs: 2 },
    {
      N_CTX: 2,
      CTX_INIT: words,
      PREC: 'fp16',
      PROMPT_DEPTH: depth,
    },
  )

const cocoop = (file: string, use: string, vectors: number, init: string) =>
  published(
    'CoCoOp',
    file,
    use,
    { batch: 1, lr: 0.002, epochs: 10 },
    {
      N_CTX: vectors,
      CTX_INIT: init,
      PREC: 'fp16',
    },
  )

const coop = (file: string, model: string, epochs: number, init?: string) =>
  published(
    'CoOp',
    file,
    init === undefined ? '16 random context vectors' : `a context from "${init}"`,
    { batch: 32, lr: 0.002, epochs, model, printFreq: 5 },
    init === undefined ? {} : { CTX_INIT: init },
  )

/**
 * The configurations of the reference's `configs/trainers`, method by method, each method's main one first. The
 * few-shot file of PromptSRC holds two, one of them as a comment to be swapped in by hand; here each has a name.
 */
export const publishedConfigs: readonly PublishedConfig[] = [
  promptSrc('vit_b16_c2_ep20_batch4_4+4ctx', 'base-to-novel', 20, 9, 15, 1),
  promptSrc(
    'vit_b16_c2_ep20_batch4_4+4ctx_cross_datasets',
    'cross-dataset, domain generalization',
    20,
    3,
    6,
    10,
  ),
  promptSrc(
    'vit_b16_c2_ep50_batch4_4+4ctx_few_shot',
    'few-shot: ImageNet, Caltech101, OxfordPets, Food101, UCF101, SUN397',
    50,
    9,
    30,
    30,
  ),
  promptSrc(
    'vit_b16_c2_ep50_batch4_4+4ctx_few_shot_gpa45',
    'few-shot: StanfordCars, Flowers102, FGVCAircraft, DTD, EuroSAT',
    50,
    9,
    45,
    5,
  ),
  published(
    'IVLP',
    'vit_b16_c2_ep20_batch4_4+4ctx',
    'base-to-novel',
    { batch: 4, lr: 0.0025, epochs: 20 },
    both(4, 9),
  ),
  maple('vit_b16_c2_ep5_batch4_2ctx', 'base-to-novel', 0.0035, 9),
  maple('vit_b16_c2_ep5_batch4_2ctx_cross_datasets', 'cross-dataset, domain generalization', 0.0026, 3),
  cocoop('vit_b16_c4_ep10_batch1_ctxv1', `a context from "${words}"`, 4, words),
  cocoop('vit_b16_c4_ep10_batch1', '4 random context vectors', 4, ''),
  cocoop('vit_b16_c8_ep10_batch1', '8 random context vectors', 8, ''),
  cocoop('vit_b16_c16_ep10_batch1', '16 random context vectors', 16, ''),
  coop('vit_b16', 'ViT-B/16', 200),
  coop('vit_b16_ep100', 'ViT-B/16', 100),
  coop('vit_b16_ep50', 'ViT-B/16', 50),
  coop('vit_b16_ctxv1', 'ViT-B/16', 200, words),
  coop('vit_b16_ep100_ctxv1', 'ViT-B/16', 100, words),
  coop('vit_b16_ep50_ctxv1', 'ViT-B/16', 50, words),
  coop('vit_b32', 'ViT-B/32', 200),
  coop('vit_b32_ep50', 'ViT-B/32', 50),
  coop('rn50', 'RN50', 200),
  coop('rn50_ep100', 'RN50', 100),
  coop('rn50_ep50', 'RN50', 50),
  coop('rn50_ctxv1', 'RN50', 200, words),
  coop('rn50_ep50_ctxv1', 'RN50', 50, words),
  coop('rn101', 'RN101', 200),
  coop('rn101_ep50', 'RN101', 50),
]
