import * as z from 'zod'
import type { Clip } from '../clip/clip.js'
import { templateText } from '../clip/template-text.js'
import { datasetTemplate } from '../clip/templates.js'
import type { InsertedTokens } from '../clip/towers/tower.js'
import { ConfigError } from '../errors.js'
import { add, gemm, l2Normalize, matmul, mean, mul, sub, type Tensor, values } from '../graph/index.js'
import { linearLayer, MOST_PROMPTS, randomPrompts } from './context-vectors.js'
import type { Lookup, Method, ParameterSpec } from './method.js'
import { classTemplate, cosineDistance, crossEntropy, withLogits } from './prompted-features.js'
import { acrossDatasets } from './reference.js'

const options = z.strictObject({
  tokens: z.int().min(1).max(MOST_PROMPTS).default(5).describe('representation tokens of both towers'),
  dimension: z.int().min(1).default(512).describe('width of the space that they share'),
  block: z.int().min(1).default(6).describe('block of both towers, from 1, from which on they take part'),
  rank: z.int().min(1).default(4).describe("rank of a block's own part of the map into a tower"),
  projectionRank: z.int().min(1).default(64).describe("rank of what the tokens' projection is beside CLIP's"),
  alpha: z
    .number()
    .min(0)
    .max(1)
    .default(0.7)
    .describe("share of the class token in loss and logits; the tokens' is the rest"),
  share: z
    .number()
    .min(0)
    .max(1)
    .default(0.9)
    .describe("beta: share of a block's own tokens; the rest flows on from the block before"),
  regularization: z
    .number()
    .min(0)
    .default(1)
    .describe('lambda: weight of the distances of both features from frozen CLIP'),
  template: classTemplate,
})

const TOKENS = 'representation_learner.compound_rep_tokens'
/** The maps into the towers: a weight that all blocks share, and of each block a bias and a part of low rank. */
const mapInto = (tower: Tower) => `representation_learner.srra_r2${tower === 'text' ? 't' : 'v'}proj`
const PROJECTION = 'image_encoder'

type Tower = 'text' | 'image'
type Options = z.infer<typeof options>

/**
 * MMRL++: tokens R of a space that both towers share learn what a task needs, so that the class token may keep what CLIP
 * knows. From block j = 6 on they are mapped into both towers, behind the first token:
 *
 *   R_j = R (W + A_j B_j)^T + b_j,   read: R_j where they are inserted, later beta R_j + (1 - beta) (those of the block before)
 *
 * The image then has two features, f of the class token and g of the tokens' mean, by W_r = W_v + A B:
 *
 *   L = alpha CE(f T) + (1 - alpha) CE(g T) + lambda (1 - cos(f, f_0)) + lambda (1 - cos(T, T_0))
 *
 * with f_0 and T_0 of frozen CLIP. A trained class has the logit alpha f T + (1 - alpha) g T, another one f T alone.
 */
export const mmrlpp: Method<typeof options> = {
  name: 'mmrlpp',
  title: 'MMRL++',
  paper:
    'Guo and Gu, "MMRL++: Parameter-Efficient and Interaction-Aware Representation Learning for Vision-Language Models", 2025',
  summary: 'representation tokens of a space that both towers share, from a middle block on',
  options,
  defaults: { epochs: 10, batchSize: 4, learningRate: 0.001, shots: 16 },
  depths: { block: ['text', 'image'] },

  configure(given, clip, trained) {
    const { alpha, regularization, template } = given
    const { projection, title } = clip.imageTower
    if (!clip.imageTower.withTokens) {
      throw new ConfigError(`MMRL++ needs a Vision Transformer; ${clip.name} has a ${title} image tower`, {
        hint: 'Choose a ViT model, or CoOp, KgCoOp or TCP, which prompt the text tower alone.',
      })
    }
    const texts = (parameter: Lookup, names: readonly string[], classesAtOnce?: number) =>
      l2Normalize(
        templateText(clip, template, names, {
          inserted: inserted(given, clip, parameter, 'text'),
          classesAtOnce,
        }),
      )

    /** The features f and g. */
    const features = (images: Tensor, parameter: Lookup) => {
      const tokens = inserted(given, clip, parameter, 'image')
      const found = clip.imageTower.withTokens!(images, tokens)
      const beside = matmul(parameter(`${PROJECTION}.A`), parameter(`${PROJECTION}.B`))
      return {
        image: l2Normalize(projection.apply(found.pooled)),
        represented: l2Normalize(projection.apply(mean(found.tokens, [1]), add(projection.weight, beside))),
      }
    }

    /** A class's share of the tokens' logits: 1 - alpha of a trained one. */
    const shares = (names: readonly string[]) => {
      const row = Float32Array.from(names, (name) => (trained.includes(name) ? 1 - alpha : 0))
      return values(`shares:${row}`, [1, names.length], row)
    }
    const classified = (images: Tensor, parameter: Lookup, text: Tensor, names: readonly string[]) => {
      const { image, represented } = features(images, parameter)
      const own = withLogits(clip, text, image)
      const tokens = withLogits(clip, text, represented)
      const logits = add(own.logits, mul(sub(tokens.logits, own.logits), shares(names)))
      return { ...own, logits, apart: [own.logits, tokens.logits] as const }
    }

    return {
      parameters: learned(given, clip),
      teacher: { templates: [template], combination: 'mean' },
      adamW: { weightDecay: 5e-4 },

      step({ images, labels, parameter, frozen, classesAtOnce }) {
        const text = texts(parameter, trained, classesAtOnce)
        const { apart, ...step } = classified(images, parameter, text, trained)
        const [ce, ceTokens] = [
          mul(crossEntropy(apart[0], labels), alpha),
          mul(crossEntropy(apart[1], labels), 1 - alpha),
        ]
        const keepImage = mul(cosineDistance(step.image, frozen.image), regularization)
        const keepText = mul(cosineDistance(text, frozen.text), regularization)
        const total = add(add(ce, ceTokens), add(keepImage, keepText))
        return { ...step, terms: { total, ce, ceTokens, keepImage, keepText } }
      },

      head: (names) => ({
        text: (parameter) => texts(parameter, names),
        classify(images, parameter, text) {
          const { image, logits } = classified(images, parameter, text!, names)
          return { image, logits }
        },
      }),
    }
  },

  published(training) {
    const { protocol, source } = training
    const methodOptions = { template: datasetTemplate(source) }
    if (acrossDatasets(training)) {
      const transfer = { ...methodOptions, regularization: 0.2 }
      return { epochs: 1, warmupEpochs: 0, batchSize: 32, methodOptions: transfer }
    }
    if (protocol === 'few-shot') return { epochs: 100, batchSize: 32, learningRate: 0.002, methodOptions }
    return source === 'ImageNet' ? { epochs: 5, batchSize: 32, methodOptions } : { methodOptions }
  },
}

/** Blocks with tokens of their own. */
const blocksOf = ({ block }: Options, { config: { text }, imageTower }: Clip): number[] =>
  Array.from({ length: Math.max(1, Math.min(text.layers, imageTower.promptBlocks) - block + 1) }, (_, i) => i)

const widthOf = (tower: Tower, { config: { text }, imageTower }: Clip): number =>
  tower === 'text' ? text.width : imageTower.width

function learned(given: Options, clip: Clip): ParameterSpec[] {
  const { tokens, dimension, rank, projectionRank } = given
  const map = (tower: Tower): ParameterSpec[] => {
    const [name, width] = [mapInto(tower), widthOf(tower, clip)]
    const [weight, bias] = linearLayer(name, dimension, width) as [ParameterSpec, ParameterSpec]
    return [
      weight,
      ...blocksOf(given, clip).flatMap((i) => [
        // All blocks start from one layer, to which the product of A and B adds nothing yet.
        { ...bias, name: `${name}.srra.${i}.bias` },
        ...lowRank(`${name}.srra.${i}`, width, rank, dimension),
      ]),
    ]
  }
  return [
    randomPrompts(TOKENS, [tokens, dimension]),
    ...map('image'),
    ...map('text'),
    ...lowRank(PROJECTION, clip.imageTower.projection.inputs, projectionRank, clip.config.embedDim),
  ]
}

/** A [outputs, rank], uniform within 1 / sqrt(rank), and B [rank, inputs], which starts at 0. */
function lowRank(name: string, outputs: number, rank: number, inputs: number): ParameterSpec[] {
  const [a] = linearLayer(name, rank, outputs) as [ParameterSpec]
  return [
    { ...a, name: `${name}.A`, stream: `${name}.A` },
    { name: `${name}.B`, shape: [rank, inputs], init: () => new Float32Array(rank * inputs) },
  ]
}

/** The representation tokens as they enter a tower. */
function inserted(given: Options, clip: Clip, parameter: Lookup, tower: Tower): InsertedTokens {
  const name = mapInto(tower)
  const tokens = blocksOf(given, clip).map((i) => {
    const own = matmul(parameter(`${name}.srra.${i}.A`), parameter(`${name}.srra.${i}.B`))
    const weight = add(parameter(`${name}.weight`), own)
    return gemm(parameter(TOKENS), weight, { transB: true, bias: parameter(`${name}.srra.${i}.bias`) })
  })
  return { first: given.block - 1, tokens, share: given.share }
}
