import * as z from 'zod'
import type { Clip } from '../clip/clip.js'
import { templateStates, textFrom } from '../clip/template-text.js'
import { datasetTemplate } from '../clip/templates.js'
import { ConfigError } from '../errors.js'
import {
  abs,
  add,
  concat,
  gemm,
  input,
  l2Normalize,
  matmul,
  max,
  mul,
  relu,
  reshape,
  sign,
  slice,
  sub,
  sum,
  type Tensor,
  values,
} from '../graph/index.js'
import { randomStream } from '../random.js'
import type { Method, ParameterSpec } from './method.js'
import { classTemplate, crossEntropy, withLogits } from './prompted-features.js'
import { checkTunable, plainHead, towerParameters } from './tuned-towers.js'

const options = z.strictObject({
  block: z.int().min(1).default(7).describe('block of both towers, from 1, from which on all is trained'),
  share: z
    .number()
    .gt(0)
    .max(1)
    .default(0.5)
    .describe('share of the classes, those most like the batch, that every step reads'),
  most: z.int().min(1).default(50).describe('most classes of that share'),
  scale: z
    .number()
    .positive()
    .default(0.3)
    .describe('scale of the exponential density by which further classes are drawn'),
  template: classTemplate,
})

type Options = z.infer<typeof options>

/** Where the density of further classes ends, in its own units. */
const DENSITY_END = 5

/**
 * Skip Tuning: CLIP's own weights are tuned without prompts or adapters, and what costs time without teaching is left out.
 *
 * Layer-wise: with g the blocks below `block` and h those from it on, the norms behind them and the projections, h alone is
 * trained. What g makes of the texts is computed once, what it makes of the images once an epoch:
 *
 *   f = h(s; theta) / ||h(s; theta)||,   s = g(x)
 *
 * Class-wise: a step reads the classes that its images may be taken for. By zero-shot CLIP's similarity to the nearest image
 * of the batch, its own classes first, the first k = min(ceil(share C), most) are read, and of the ranks behind them those
 * that were drawn, once, by an exponential density, which decays:
 *
 *   L = CE(exp(logit_scale) f T_K^T),   K the classes that are read
 */
export const skipTuning: Method<typeof options> = {
  name: 'skip-tuning',
  title: 'SkipTuning',
  paper:
    'Wu et al., "Skip Tuning: Pre-trained Vision-Language Models are Effective and Efficient Adapters Themselves", CVPR 2025',
  summary: 'upper blocks of both towers, on states of the lower ones that are computed once an epoch',
  options,
  defaults: { epochs: 20, batchSize: 4, learningRate: 2e-5, shots: 16, warmupLearningRate: 1e-6 },
  learning: 'features',
  plainClip: true,
  trainsWeights: true,
  depths: { block: ['text', 'image'] },

  configure(given, clip, trained) {
    const { block, template } = given
    checkTunable(clip, 'both')
    const { states, pooledFrom } = clip.imageTower
    if (!states || !pooledFrom) throw noStates(clip)
    const parameters = upperParameters(clip, block)
    const lower = block - 1
    const { embedDim } = clip.config
    /** What the lower blocks make of an image, and behind it zero-shot CLIP's feature. */
    const tower = (images: Tensor) => {
      const read = states(images, lower)
      const pooled = pooledFrom(read, lower)
      return concat([read, clip.imageTower.projection.apply(pooled)], 1)
    }
    const width = tower(input('images', [1, ...clip.imageTower.inputs])).dim(1)

    return {
      parameters,
      teacher: { templates: [template], combination: 'mean' },
      features: { width, tower, views: Number.POSITIVE_INFINITY, passing: true },
      once: { ...templateStates(clip, template, trained, lower) },

      step({ images, labels, parameter, once, frozen }) {
        const own = slice(images, 1, 0, width - embedDim)
        const zeroShot = l2Normalize(slice(images, 1, width - embedDim, width))
        const tuned = clip.tuned({ weights: new Map(parameters.map(({ name }) => [name, parameter(name)])) })
        const image = l2Normalize(tuned.imageTower.projection.apply(tuned.imageTower.pooledFrom!(own, lower)))

        const similarity = gemm(zeroShot, frozen.text, { transB: true }) // (B, classes)
        const chosen = classFilter(similarity, labels, keptRanks(given, trained.length, images.dim(0))) // (K, classes)
        const read = {
          prefix: once('prefix'),
          suffixes: matmul(chosen, once('suffixes')),
          mask: matmul(chosen, once('mask')),
        }
        const text = l2Normalize(textFrom(tuned, read, lower)) // (K, embedDim)
        const filtered = withLogits(clip, text, image)
        const total = crossEntropy(filtered.logits, gemm(labels, chosen, { transB: true }))

        // A class that was not read has what zero-shot CLIP says of it.
        const known = sum(chosen, [0], true) // (1, classes)
        const unread = mul(mul(similarity, clip.logitScale()), sub(1, known))
        return {
          text: add(gemm(chosen, text, { transA: true }), mul(frozen.text, sub(1, reshape(known, [-1, 1])))),
          image,
          logits: add(matmul(filtered.logits, chosen), unread),
          terms: { total },
        }
      },

      weights: (learned) => learned,
      head: () => plainHead(clip, template),
    }
  },

  published: ({ protocol, source }) => {
    const part = ['ImageNet', 'SUN397', 'Food101'].includes(source) ? 4 : 1
    const methodOptions = { template: datasetTemplate(source) }
    return protocol === 'few-shot'
      ? { epochs: 40 / part, warmupEpochs: 0, learningRate: 1e-5, methodOptions }
      : { epochs: 20 / part, methodOptions }
  },
}

/** Everything from a block of both towers on, by its names in CLIP's state dict. */
function upperParameters(clip: Clip, block: number): ParameterSpec[] {
  const isUpper = (name: string) => {
    const found = /resblocks\.(\d+)\./.exec(name)
    if (found) return Number(found[1]) >= block - 1
    return /^(ln_final\.|text_projection$|visual\.ln_post\.|visual\.proj$)/.test(name)
  }
  return towerParameters(clip, 'all').filter(({ name }) => isUpper(name))
}

/**
 * Ranks that every step reads, from 0: the first ones, at least the batch's own, and those that are drawn of the others. With
 * x from 0 to 5 over these, one is kept with the probability of the density exp(-x / scale), brought to 0 … 1. What is
 * drawn depends on the numbers of classes and ranks alone.
 */
export function keptRanks(
  { share, most, scale }: Pick<Options, 'share' | 'most' | 'scale'>,
  classes: number,
  batch: number,
): number[] {
  const first = Math.min(classes, Math.max(batch, Math.min(Math.ceil(share * classes), most)))
  const others = classes - first
  const random = randomStream(0, 'ranks', classes, first)
  const least = Math.exp(-DENSITY_END / scale)
  return Array.from({ length: classes }, (_, rank) => rank).filter((rank) => {
    if (rank < first) return true
    const x = (DENSITY_END * (rank - first)) / Math.max(1, others - 1)
    return random.uniform() < (Math.exp(-x / scale) - least) / (1 - least)
  })
}

/**
 * One-hot rows of the classes that a step reads, by their ranks: [ranks, classes].
 *
 * @param similarity cosines of zero-shot features: [B, classes]
 * @param labels one-hot: [B, classes]
 */
export function classFilter(similarity: Tensor, labels: Tensor, ranks: readonly number[]): Tensor {
  const classes = similarity.dim(1)
  // Cosines differ by 2 at most.
  const likeness = add(max(similarity, [0], true), mul(max(labels, [0], true), 4)) // (1, classes)
  const order = sign(sub(likeness, reshape(likeness, [classes, 1]))) // 1 where the column is more alike than the row
  const earlier = Float32Array.from({ length: classes * classes }, (_, i) =>
    i % classes < Math.floor(i / classes) ? 1 : 0,
  )
  const ties = mul(sub(1, abs(order)), values(`earlier:${classes}`, [classes, classes], earlier))
  const rank = reshape(sum(add(relu(order), ties), [1]), [1, classes])
  const wanted = values(`ranks:${ranks}`, [ranks.length, 1], Float32Array.from(ranks))
  return sub(1, abs(sign(sub(wanted, rank))))
}

const noStates = ({ name, imageTower: { title } }: Clip): ConfigError =>
  new ConfigError(`the blocks of the ${title} image tower of ${name} cannot be entered midway`, {
    hint: 'Choose a ViT model, or fine-tune with --set towers=text.',
  })
