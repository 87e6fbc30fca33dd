import type { ConfigValue } from './value.js'
import {
  anyNumber,
  epochList,
  flag,
  list,
  notNegative,
  oneOf,
  positive,
  share,
  square,
  text,
  type ValueType,
  wholeNumber,
} from './value-types.js'

/** What becomes of a key of the reference. */
export interface Key {
  /** The reference's default (Dassl's, or that of its training program). */
  readonly value: ConfigValue
  /** Values that are taken. */
  readonly type: ValueType
  /** The only one, where there is one. */
  readonly taken?: ConfigValue
  /**
   * Honoured: decides how a run trains. Fixed: taken with the value alone that says what is done anyway. None: cannot
   * change what is learned here, whatever its value.
   */
  readonly effect: 'honoured' | 'fixed' | 'none'
  /** What it sets, or why it has no effect, or why only one value is taken. */
  readonly note: string
}

const honoured = (value: ConfigValue, type: ValueType, note: string): Key => ({
  value,
  type,
  effect: 'honoured',
  note,
})
const none = (value: ConfigValue, type: ValueType, note: string): Key => ({
  value,
  type,
  effect: 'none',
  note,
})
/** Taken with one value alone: with another the reference would train otherwise than is done here. */
const only = (value: ConfigValue, taken: ConfigValue, note: string): Key => ({
  value,
  type: oneOf(taken),
  taken,
  effect: 'fixed',
  note,
})

const otherSampler = 'a setting of samplers that are not used'
const unlabelled = 'prompts are learned from labelled images alone'
const otherAugmentation = 'a setting of augmentations that are not used'
const sgdOnly = 'a setting of optimizers that are not used'
const noHead = 'CLIP has no head to train'

/** Every key that the reference knows outside of its trainers' own sections. */
export const keys: Readonly<Record<string, Key>> = {
  VERSION: only(1, 1, 'version of the schema'),
  OUTPUT_DIR: honoured('./output', text, 'run directory, where --out is not given'),
  RESUME: only('', '', 'a run is continued with --resume --out RUN'),
  SEED: honoured(1, wholeNumber(0), 'seed of everything random; --seed'),
  USE_CUDA: none(true, flag, 'the device does not change what is computed'),
  VERBOSE: none(true, flag, 'only about what is printed'),

  'DATASET.ROOT': only('', '', 'the folder of the data set is the DATA argument'),
  'DATASET.NAME': none('', text, 'the DATA argument decides which data are read'),
  'DATASET.NUM_SHOTS': honoured(16, wholeNumber(1), 'images a class; --shots'),
  'DATASET.SUBSAMPLE_CLASSES': honoured(
    'all',
    oneOf('all', 'base', 'new'),
    'classes to train on; --classes (new is called novel there)',
  ),
  'DATASET.SOURCE_DOMAINS': only([], [], 'data sets have no domains here'),
  'DATASET.TARGET_DOMAINS': only([], [], 'data sets have no domains here'),
  'DATASET.NUM_LABELED': none(-1, wholeNumber(), unlabelled),
  'DATASET.VAL_PERCENT': none(0.1, notNegative, 'validation images are not used for training'),
  'DATASET.ALL_AS_UNLABELED': only(false, false, unlabelled),
  'DATASET.STL10_FOLD': none(-1, wholeNumber(), 'a setting of one data set'),
  'DATASET.CIFAR_C_TYPE': none('', text, 'a setting of one data set'),
  'DATASET.CIFAR_C_LEVEL': none(1, wholeNumber(), 'a setting of one data set'),

  'DATALOADER.NUM_WORKERS': none(
    4,
    wholeNumber(0),
    'images are decoded ahead; their values do not depend on it',
  ),
  'DATALOADER.K_TRANSFORMS': only(1, 1, 'an image is augmented once a step'),
  'DATALOADER.RETURN_IMG0': only(false, false, 'no method here reads the image without augmentation'),
  'DATALOADER.TRAIN_X.SAMPLER': only('RandomSampler', 'RandomSampler', 'images are shuffled each epoch'),
  'DATALOADER.TRAIN_X.BATCH_SIZE': honoured(32, wholeNumber(1), 'images a step; --batch-size'),
  'DATALOADER.TRAIN_X.N_DOMAIN': none(0, wholeNumber(), otherSampler),
  'DATALOADER.TRAIN_X.N_INS': none(16, wholeNumber(), otherSampler),
  'DATALOADER.TRAIN_U.SAME_AS_X': none(true, flag, unlabelled),
  'DATALOADER.TRAIN_U.SAMPLER': none('RandomSampler', text, unlabelled),
  'DATALOADER.TRAIN_U.BATCH_SIZE': none(32, wholeNumber(), unlabelled),
  'DATALOADER.TRAIN_U.N_DOMAIN': none(0, wholeNumber(), unlabelled),
  'DATALOADER.TRAIN_U.N_INS': none(16, wholeNumber(), unlabelled),
  'DATALOADER.TEST.SAMPLER': only('SequentialSampler', 'SequentialSampler', 'test images are read in order'),
  'DATALOADER.TEST.BATCH_SIZE': none(
    32,
    wholeNumber(1),
    'figures do not depend on how test images are batched',
  ),

  'INPUT.SIZE': honoured([224, 224], square, 'must be the resolution of MODEL.BACKBONE.NAME'),
  'INPUT.INTERPOLATION': only('bilinear', 'bicubic', 'CLIP resizes bicubically'),
  'INPUT.PIXEL_MEAN': only(
    [0.485, 0.456, 0.406],
    [0.48145466, 0.4578275, 0.40821073],
    'CLIP was trained with its own mean',
  ),
  'INPUT.PIXEL_STD': only(
    [0.229, 0.224, 0.225],
    [0.26862954, 0.26130258, 0.27577711],
    'CLIP was trained with its own deviation',
  ),
  'INPUT.TRANSFORMS': only(
    [],
    ['random_resized_crop', 'random_flip', 'normalize'],
    'the augmentation of all published configurations',
  ),
  'INPUT.NO_TRANSFORM': only(false, false, 'CLIP needs images of its size and normalisation'),
  'INPUT.RRCROP_SCALE': only([0.08, 1], [0.08, 1], 'area of a random crop'),
  'INPUT.CROP_PADDING': none(4, anyNumber, otherAugmentation),
  'INPUT.CUTOUT_N': none(1, anyNumber, otherAugmentation),
  'INPUT.CUTOUT_LEN': none(16, anyNumber, otherAugmentation),
  'INPUT.GN_MEAN': none(0, anyNumber, otherAugmentation),
  'INPUT.GN_STD': none(0.15, anyNumber, otherAugmentation),
  'INPUT.RANDAUGMENT_N': none(2, anyNumber, otherAugmentation),
  'INPUT.RANDAUGMENT_M': none(10, anyNumber, otherAugmentation),
  'INPUT.COLORJITTER_B': none(0.4, anyNumber, otherAugmentation),
  'INPUT.COLORJITTER_C': none(0.4, anyNumber, otherAugmentation),
  'INPUT.COLORJITTER_S': none(0.4, anyNumber, otherAugmentation),
  'INPUT.COLORJITTER_H': none(0.1, anyNumber, otherAugmentation),
  'INPUT.RGS_P': none(0.2, anyNumber, otherAugmentation),
  'INPUT.GB_P': none(0.5, anyNumber, otherAugmentation),
  'INPUT.GB_K': none(21, anyNumber, otherAugmentation),

  'MODEL.INIT_WEIGHTS': only('', '', 'weights are named by --model or MODEL.BACKBONE.NAME'),
  'MODEL.BACKBONE.NAME': honoured('', text, 'the model; --model'),
  'MODEL.BACKBONE.PRETRAINED': only(true, true, 'prompts are learned for a trained CLIP'),
  'MODEL.HEAD.NAME': only('', '', noHead),
  'MODEL.HEAD.HIDDEN_LAYERS': none([], list, noHead),
  'MODEL.HEAD.ACTIVATION': none('relu', text, noHead),
  'MODEL.HEAD.BN': none(true, flag, noHead),
  'MODEL.HEAD.DROPOUT': none(0, anyNumber, noHead),

  'OPTIM.NAME': only('adam', 'sgd', 'every method of the reference is trained with SGD'),
  'OPTIM.LR': honoured(0.0003, positive, 'learning rate; --lr'),
  'OPTIM.WEIGHT_DECAY': honoured(5e-4, notNegative, 'L2 penalty'),
  'OPTIM.MOMENTUM': honoured(0.9, share, 'momentum of SGD'),
  'OPTIM.SGD_DAMPNING': only(0, 0, 'momentum is not dampened'),
  'OPTIM.SGD_NESTEROV': only(false, false, 'momentum is not Nesterov’s'),
  'OPTIM.RMSPROP_ALPHA': none(0.99, anyNumber, sgdOnly),
  'OPTIM.ADAM_BETA1': none(0.9, anyNumber, sgdOnly),
  'OPTIM.ADAM_BETA2': none(0.999, anyNumber, sgdOnly),
  'OPTIM.STAGED_LR': only(false, false, 'all prompts have one learning rate'),
  'OPTIM.NEW_LAYERS': none([], list, 'belongs to OPTIM.STAGED_LR'),
  'OPTIM.BASE_LR_MULT': none(0.1, anyNumber, 'belongs to OPTIM.STAGED_LR'),
  'OPTIM.LR_SCHEDULER': honoured(
    'single_step',
    oneOf('cosine', 'single_step', 'multi_step'),
    'how the learning rate falls',
  ),
  'OPTIM.STEPSIZE': honoured(
    [-1],
    epochList,
    'epochs of single_step (the last of them), or those of multi_step',
  ),
  'OPTIM.GAMMA': honoured(0.1, positive, 'factor of single_step and multi_step'),
  'OPTIM.MAX_EPOCH': honoured(10, wholeNumber(1), 'passes over the images; --epochs'),
  'OPTIM.WARMUP_EPOCH': honoured(-1, wholeNumber(), 'epochs of the warm-up; 0 or less: none'),
  'OPTIM.WARMUP_TYPE': honoured('linear', oneOf('constant', 'linear'), 'learning rate of the warm-up'),
  'OPTIM.WARMUP_CONS_LR': honoured(1e-5, notNegative, 'learning rate of a constant warm-up'),
  'OPTIM.WARMUP_MIN_LR': honoured(1e-5, notNegative, 'first learning rate of a linear warm-up'),
  'OPTIM.WARMUP_RECOUNT': honoured(true, flag, 'whether the decay counts from the end of the warm-up'),

  'TRAIN.CHECKPOINT_FREQ': none(0, wholeNumber(), 'there is a checkpoint after every epoch'),
  'TRAIN.PRINT_FREQ': none(10, wholeNumber(), 'every step is logged'),
  'TRAIN.COUNT_ITER': only('train_x', 'train_x', unlabelled),

  'TEST.EVALUATOR': only('Classification', 'Classification', 'the evaluator of the published results'),
  'TEST.PER_CLASS_RESULT': none(false, flag, 'accuracy by class is always reported'),
  'TEST.COMPUTE_CMAT': none(false, flag, 'confusions are always reported'),
  'TEST.NO_TEST': only(false, false, 'test images are evaluated after training'),
  'TEST.SPLIT': only('test', 'test', 'evaluation is on test images'),
  'TEST.FINAL_MODEL': only('last_step', 'last_step', 'the last epoch’s prompts are the run’s'),

  'TRAINER.NAME': honoured('', text, 'the method; --method'),
}
