import type { Key } from './keys.js'
import type { ConfigValue } from './value.js'
import {
  anyNumber,
  flag,
  notNegative,
  oneOf,
  positive,
  text,
  type ValueType,
  wholeNumber,
} from './value-types.js'

/** A key of a trainer's section, and the option of the method that it sets. */
export interface TrainerKey extends Key {
  readonly option?: string
}

/** One of the reference's trainers: where its keys are, and which method it is here. */
export interface Trainer {
  /** As in TRAINER.NAME. */
  readonly name: string
  /** As in TRAINER.<section>. */
  readonly section: string
  /** Name of the method. */
  readonly method: string
  readonly keys: Readonly<Record<string, TrainerKey>>
  /** Options that the values set, where they are not just the values; problems are reported by key. */
  adjust?(
    values: Readonly<Record<string, ConfigValue>>,
    problem: (key: string, message: string) => void,
  ): Readonly<Record<string, ConfigValue | undefined>>
}

const sets = (option: string, value: ConfigValue, type: ValueType): TrainerKey => ({
  value,
  type,
  option,
  effect: 'honoured',
  note: `option ${option}`,
})

const precision: TrainerKey = {
  value: 'fp16',
  type: oneOf('fp16', 'fp32', 'amp'),
  effect: 'none',
  note: 'all is computed in 32-bit floating point',
}

/** Prompts of both towers, as IVLP and PromptSRC have them. */
const independent = (context: number): Record<string, TrainerKey> => ({
  N_CTX_VISION: sets('visionContext', context, wholeNumber(0)),
  N_CTX_TEXT: sets('textContext', context, wholeNumber(1)),
  CTX_INIT: sets('contextInit', 'a photo of a', text),
  PREC: precision,
  PROMPT_DEPTH_VISION: sets('visionDepth', 9, wholeNumber(0)),
  PROMPT_DEPTH_TEXT: sets('textDepth', 9, wholeNumber(1)),
})

/** Without depth there are no visual prompts, whatever their number. */
const adjustIndependent: Trainer['adjust'] = ({ N_CTX_VISION, PROMPT_DEPTH_VISION }, problem) => {
  if (N_CTX_VISION !== 0) return {}
  if (PROMPT_DEPTH_VISION !== 0)
    problem('N_CTX_VISION', 'no visual prompts to put at a depth; set PROMPT_DEPTH_VISION to 0')
  return { visionContext: undefined }
}

/** The number of words decides the length of a context that starts from words. */
const adjustWords: Trainer['adjust'] = ({ CTX_INIT, CSC }, problem) => {
  if (CTX_INIT === '') return {}
  if (CSC === true)
    problem(
      'CSC',
      'a context that starts from words is shared by all classes; set CTX_INIT to "" or CSC to False',
    )
  return { context: String(CTX_INIT).replaceAll('_', ' ').split(' ').length }
}

/** The trainers that learn prompts, with the defaults of the reference's training program. */
export const trainers: readonly Trainer[] = [
  {
    name: 'PromptSRC',
    section: 'PROMPTSRC',
    method: 'promptsrc',
    adjust: adjustIndependent,
    keys: {
      ...independent(4),
      TEXT_LOSS_WEIGHT: sets('textLossWeight', 25, notNegative),
      IMAGE_LOSS_WEIGHT: sets('imageLossWeight', 10, notNegative),
      GPA_MEAN: sets('gpaMean', 15, anyNumber),
      GPA_STD: sets('gpaStd', 1, positive),
    },
  },
  {
    name: 'IVLP',
    section: 'IVLP',
    method: 'ivlp',
    adjust: adjustIndependent,
    keys: independent(2),
  },
  {
    name: 'MaPLe',
    section: 'MAPLE',
    method: 'maple',
    keys: {
      N_CTX: sets('context', 2, wholeNumber(1)),
      CTX_INIT: sets('contextInit', 'a photo of a', text),
      PREC: precision,
      PROMPT_DEPTH: sets('depth', 9, wholeNumber(1)),
    },
  },
  {
    name: 'CoOp',
    section: 'COOP',
    method: 'coop',
    adjust: adjustWords,
    keys: {
      N_CTX: sets('context', 16, wholeNumber(1)),
      CSC: sets('classSpecific', false, flag),
      CTX_INIT: sets('contextInit', '', text),
      PREC: precision,
      CLASS_TOKEN_POSITION: sets('classPosition', 'end', oneOf('end', 'middle', 'front')),
    },
  },
  {
    name: 'CoCoOp',
    section: 'COCOOP',
    method: 'cocoop',
    adjust: adjustWords,
    keys: {
      N_CTX: sets('context', 16, wholeNumber(1)),
      CTX_INIT: sets('contextInit', '', text),
      PREC: precision,
    },
  },
]

/** Sections of trainers for other tasks, which a dump of the reference's whole configuration holds. */
export const otherSections: readonly string[] = [
  'CDAC',
  'CG',
  'CROSSGRAD',
  'DAEL',
  'DAELDG',
  'DDAIG',
  'DOMAINMIX',
  'ENTMIN',
  'FIXMATCH',
  'M3SDA',
  'MCD',
  'MEANTEA',
  'MEANTEACHER',
  'MIXMATCH',
  'MME',
  'SE',
]
