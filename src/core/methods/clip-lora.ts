import * as z from 'zod'
import type { AttentionPart, Tuning } from '../clip/block-weights.js'
import type { Clip } from '../clip/clip.js'
import type { Values } from '../clip/merged-clip.js'
import { datasetTemplate } from '../clip/templates.js'
import { concat, gemm, mul, reshape, slice, type Tensor } from '../graph/index.js'
import type { RandomStream } from '../random.js'
import { linearLayer } from './context-vectors.js'
import type { Method, ParameterSpec } from './method.js'
import { classTemplate } from './prompted-features.js'
import { epochsOfSteps } from './reference.js'
import { checkTunable, type TunedTowers, tunedTower, tunedTowers } from './tuned-towers.js'

/** Options of {@link lowRank}. */
export const lowRankOptions = {
  rank: z.int().min(1).default(2).describe('rank of what is added to each projection'),
  alpha: z.number().positive().default(1).describe('what is added is weighted by alpha / sqrt(rank)'),
  dropout: z.number().min(0).lt(1).default(0.25).describe('share of its input that a step leaves out'),
}

const options = z.strictObject({
  ...lowRankOptions,
  towers: tunedTower.default('both').describe('whose projections are trained'),
  weightDecay: z.number().min(0).default(0.01).describe("AdamW's weight decay"),
  template: classTemplate,
})

type LowRank = Pick<z.infer<typeof options>, 'rank' | 'alpha' | 'dropout' | 'towers'>

const PARTS: readonly AttentionPart[] = ['query', 'key', 'value']
const lowRankName = (block: string, part: AttentionPart, side: 'A' | 'B') =>
  `${block}.attn.${part[0]}_proj.w_lora_${side}`
const IN_PROJ = '.attn.in_proj_weight'

/** Rows after which the masks of dropout repeat, and how far those of two projections are apart in what is drawn. */
const MASK_ROWS = 512
const MASK_STRIDE = 997
const MASKS = 'masks'

/**
 * CLIP-LoRA: to the query, key and value projections of all blocks of both towers, a product of rank r is added,
 *
 *   W' = W + (alpha / sqrt(r)) B A,   A [r, in] uniform,  B [out, r] from 0,
 *
 * and trained by cross-entropy, with dropout on what A reads. The product is then a part of the weights: the result is a plain CLIP.
 */
export const clipLora: Method<typeof options> = {
  name: 'clip-lora',
  title: 'CLIP-LoRA',
  paper:
    'Zanella and Ben Ayed, "Low-Rank Few-Shot Adaptation of Vision-Language Models", CVPR Workshops 2024',
  summary: 'products of low rank beside the attention projections of both towers, trained by cross-entropy',
  options,
  defaults: { epochs: 100, batchSize: 32, learningRate: 2e-4, shots: 16, warmupEpochs: 0 },
  plainClip: true,
  trainsWeights: true,

  configure: ({ template, weightDecay, ...given }, clip, trained) =>
    tunedTowers(clip, trained, { template, ...lowRank(clip, given), adamW: { weightDecay } }),

  published: (training) => ({
    epochs: epochsOfSteps(500, 32, training),
    methodOptions: { template: datasetTemplate(training.source) },
  }),
}

/** Products of low rank beside the attention projections, as parameters, as they enter the towers, and merged. */
export function lowRank(
  clip: Clip,
  { rank, alpha, dropout, towers }: LowRank,
): Pick<TunedTowers, 'parameters' | 'tuning' | 'draws' | 'weights'> {
  checkTunable(clip, towers)
  const blocks = clip.tunable().flatMap(([name, shape]) => {
    const ofImages = name.startsWith('visual.')
    const chosen = towers === 'both' || ofImages === (towers === 'image')
    return chosen && name.endsWith(IN_PROJ)
      ? [{ prefix: name.slice(0, -IN_PROJ.length), width: shape[1]! }]
      : []
  })
  const scaling = alpha / Math.sqrt(rank)
  const widest = blocks.reduce((most, { width }) => Math.max(most, width), 0)
  const drawn = MASK_ROWS * widest + MASK_STRIDE * PARTS.length * blocks.length

  const parameters = blocks.flatMap(({ prefix, width }) =>
    PARTS.flatMap((part): ParameterSpec[] => {
      const [a] = linearLayer(lowRankName(prefix, part, 'A'), width, rank) as [ParameterSpec]
      const name = lowRankName(prefix, part, 'A')
      return [
        { ...a, name, stream: name },
        {
          name: lowRankName(prefix, part, 'B'),
          shape: [width, rank],
          init: () => new Float32Array(width * rank),
        },
      ]
    }),
  )

  /** Rows [rows, width] with that share of their values left out and the others made larger for it. */
  const masked = (x: Tensor, masks: Tensor, place: number): Tensor => {
    const [rows, width] = x.shape as [number, number]
    const mask = reshape(slice(masks, 0, place * MASK_STRIDE, place * MASK_STRIDE + MASK_ROWS * width), [
      MASK_ROWS,
      width,
    ])
    const repeats = Array.from({ length: Math.ceil(rows / MASK_ROWS) }, () => mask)
    return mul(x, slice(repeats.length === 1 ? mask : concat(repeats, 0), 0, 0, rows))
  }

  return {
    parameters,
    tuning(tensors, drawn): Tuning {
      return {
        weights: new Map(),
        beside(block, part) {
          const [a, b] = [
            tensors.get(lowRankName(block, part, 'A')),
            tensors.get(lowRankName(block, part, 'B')),
          ]
          if (!a || !b) return undefined
          const place =
            PARTS.length * blocks.findIndex(({ prefix }) => prefix === block) + PARTS.indexOf(part)
          return (x) => {
            const read = dropout === 0 ? x : masked(x, drawn(MASKS), place)
            return mul(gemm(gemm(read, a, { transB: true }), b, { transB: true }), scaling)
          }
        },
      }
    },
    ...(dropout === 0 ? {} : { draws: (random) => ({ [MASKS]: maskValues(random, drawn, dropout) }) }),
    weights: (learned) =>
      new Map(
        blocks.map(({ prefix, width }): [string, Values] => [
          `${prefix}${IN_PROJ}`,
          async () => {
            const merged = (await clip.tensors.read(`${prefix}${IN_PROJ}`)).slice()
            for (const [i, part] of PARTS.entries()) {
              const a = learned.get(lowRankName(prefix, part, 'A'))!
              const b = learned.get(lowRankName(prefix, part, 'B'))!
              addProduct(merged.subarray(i * width * width, (i + 1) * width * width), b, a, rank, scaling)
            }
            return merged
          },
        ]),
      ),
  }
}

/** 0 for the share that is left out, else 1 / (1 - share). */
function maskValues(random: RandomStream, size: number, share: number) {
  const data = Float32Array.from({ length: size }, () => (random.uniform() < share ? 0 : 1 / (1 - share)))
  return { shape: [size], data }
}

/** Adds scaling * B A to a weight [out, in], for B [out, rank] and A [rank, in]. */
function addProduct(
  weight: Float32Array,
  b: Float32Array,
  a: Float32Array,
  rank: number,
  scaling: number,
): void {
  const inputs = a.length / rank
  for (let row = 0; row < b.length / rank; row++) {
    for (let r = 0; r < rank; r++) {
      const factor = scaling * b[row * rank + r]!
      for (let i = 0; i < inputs; i++) weight[row * inputs + i]! += factor * a[r * inputs + i]!
    }
  }
}
