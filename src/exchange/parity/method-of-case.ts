import type { Clip } from '../../core/clip/clip.js'
import type { ConfiguredMethod } from '../../core/methods/method.js'
import { configure, methodNamed } from '../../core/methods/registry.js'
import type { GoldenCase } from './golden-case.js'

/** Reference keys of vision-language prompt options, and ours. */
const promptOptions: Readonly<Record<string, string>> = {
  N_CTX_TEXT: 'textContext',
  N_CTX_VISION: 'visionContext',
  CTX_INIT: 'contextInit',
  PROMPT_DEPTH_TEXT: 'textDepth',
  PROMPT_DEPTH_VISION: 'visionDepth',
}

/** The loss of methods that have cross-entropy alone. */
const crossEntropyTerms = { loss_total: 'total', loss_ce: 'total' }

/** A method of the reference here: its name, its options, and its loss terms under the reference's names. */
interface Trained {
  readonly name: string
  readonly options: Readonly<Record<string, string>>
  readonly terms: Readonly<Record<string, string>>
}

const trained: Readonly<Record<string, Trained>> = {
  CoOp: {
    name: 'coop',
    options: {
      N_CTX: 'context',
      CTX_INIT: 'contextInit',
      CSC: 'classSpecific',
      CLASS_TOKEN_POSITION: 'classPosition',
    },
    terms: crossEntropyTerms,
  },
  CoCoOp: {
    name: 'cocoop',
    options: { N_CTX: 'context', CTX_INIT: 'contextInit' },
    terms: crossEntropyTerms,
  },
  MaPLe: {
    name: 'maple',
    options: { N_CTX: 'context', CTX_INIT: 'contextInit', PROMPT_DEPTH: 'depth' },
    terms: crossEntropyTerms,
  },
  IVLP: {
    name: 'ivlp',
    options: promptOptions,
    terms: crossEntropyTerms,
  },
  PromptSRC: {
    name: 'promptsrc',
    options: {
      ...promptOptions,
      TEXT_LOSS_WEIGHT: 'textLossWeight',
      IMAGE_LOSS_WEIGHT: 'imageLossWeight',
      GPA_MEAN: 'gpaMean',
      GPA_STD: 'gpaStd',
    },
    terms: {
      loss_total: 'total',
      loss_ce: 'ce',
      loss_scl_text: 'sclText',
      loss_scl_image: 'sclImage',
      loss_scl_logits: 'sclLogits',
    },
  },
  KgCoOp: {
    name: 'kgcoop',
    options: { N_CTX: 'context', CTX_INIT: 'contextInit', W: 'knowledgeWeight', TEMPLATE: 'template' },
    terms: { loss_total: 'total', loss_ce: 'ce', loss_kg: 'knowledge' },
  },
  TCP: {
    name: 'tcp',
    options: {
      N_CTX: 'context',
      CTX_INIT: 'contextInit',
      W: 'knowledgeWeight',
      TEMPLATE: 'template',
      BLOCK: 'block',
    },
    terms: { loss_total: 'total', loss_ce: 'ce', loss_kg: 'knowledge' },
  },
  ProText: {
    name: 'protext',
    options: {
      N_CTX: 'textContext',
      CTX_INIT: 'contextInit',
      PROMPT_DEPTH_TEXT: 'textDepth',
      MATCHING: 'matching',
      W: 'matchingWeight',
    },
    terms: { loss_total: 'total' },
  },
  MMRLpp: {
    name: 'mmrlpp',
    options: {
      N_REP_TOKENS: 'tokens',
      REP_DIM: 'dimension',
      BLOCK: 'block',
      RES_LORA_DIM: 'rank',
      PROJ_LORA_DIM: 'projectionRank',
      ALPHA: 'alpha',
      BETA: 'share',
      REG_WEIGHT: 'regularization',
      TEMPLATE: 'template',
    },
    terms: {
      loss_total: 'total',
      loss_ce: 'ce',
      loss_ce_tokens: 'ceTokens',
      loss_keep_image: 'keepImage',
      loss_keep_text: 'keepText',
    },
  },
  CLIPLoRA: {
    name: 'clip-lora',
    options: { R: 'rank', ALPHA: 'alpha', DROPOUT: 'dropout', TEMPLATE: 'template', WD: 'weightDecay' },
    terms: { loss_total: 'total' },
  },
  SkipTuning: {
    name: 'skip-tuning',
    options: { BLOCK: 'block', SHARE: 'share', MOST: 'most', SCALE: 'scale', TEMPLATE: 'template' },
    terms: { loss_total: 'total' },
  },
  Tuned: {
    name: 'fine-tune',
    options: { TUNED: 'tuned', TOWERS: 'towers', TEMPLATE: 'template', WD: 'weightDecay' },
    terms: { loss_total: 'total' },
  },
}

/** True for a case whose method trains prompts and exists here. */
export const isTrainingCase = ({ method }: GoldenCase): boolean => Object.hasOwn(trained, method)

/** The method of a case, configured as it says. */
export function methodOf(golden: GoldenCase, clip: Clip): ConfiguredMethod {
  const { name, options } = trained[golden.method]!
  const known = Object.entries(golden.trainer_config ?? {}).filter(([key]) => Object.hasOwn(options, key))
  const method = methodNamed(name)
  const given = Object.fromEntries(known.map(([key, value]) => [options[key]!, value]))
  const methodOptions = method.options.parse(given)
  return configure({ method, methodOptions, classNames: golden.class_names }, clip)
}

/** The loss terms of a case's method here, by the reference's names. */
export const termsOf = (method: string): Readonly<Record<string, string>> => trained[method]!.terms
