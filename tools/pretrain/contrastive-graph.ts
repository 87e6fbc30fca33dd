import { plainBlockWeights } from '../../src/core/clip/block-weights.js'
import { imageTower, imageTowerWeights } from '../../src/core/clip/towers/image-tower.js'
import { textTower, textTowerWeights } from '../../src/core/clip/towers/text-tower.js'
import {
  add,
  exp,
  gemm,
  gradients,
  input,
  l2Normalize,
  logSoftmax,
  mean,
  mul,
  neg,
  sum,
  type Tensor,
} from '../../src/core/graph/index.js'
import type { TransformerClipConfig } from './initialize.js'

/** Names of the inputs that stand for embedded tokens; their gradients go back into the embedding tables. */
export const PREFIX = 'prefix'
export const SUFFIXES = 'suffixes'
/** Weights that are looked up on the host rather than read by the graph. */
export const LOOKED_UP = ['token_embedding.weight', 'positional_embedding'] as const

/** Sizes of one contrastive step. */
export interface ContrastiveOptions {
  readonly config: TransformerClipConfig
  /** Weights by name with their shapes. */
  readonly shapes: ReadonlyMap<string, readonly number[]>
  /** Image-text pairs of a step, B. */
  readonly batch: number
  /** Tokens of a text without the start token, S. */
  readonly suffixLength: number
}

/**
 * One step of contrastive pre-training (CLIP paper, figure 3) with every weight trainable: inputs `images`
 * [B, 3, R, R], the embedded tokens, their mask [B, 1, S, 1 + S], `targets` [B, B] (row i: which texts describe image i,
 * summing to 1) and `targetsT` (the same for texts) and all weights; outputs `loss` and `grad.<name>`.
 */
export function contrastiveGraph({
  config,
  shapes,
  batch,
  suffixLength,
}: ContrastiveOptions): Record<string, Tensor> {
  const { vision, text, activation } = config
  const lookedUp = new Set<string>(LOOKED_UP)
  const learned = new Map<string, Tensor>()
  for (const [name, shape] of shapes) if (!lookedUp.has(name)) learned.set(name, input(name, shape))
  learned.set(PREFIX, input(PREFIX, [1, text.width]))
  learned.set(SUFFIXES, input(SUFFIXES, [batch * suffixLength, text.width]))
  const get = (name: string) => learned.get(name)!
  const block = (prefix: string, shape: Parameters<typeof plainBlockWeights>[2]) =>
    plainBlockWeights(get, prefix, shape)

  const images = input('images', [batch, 3, vision.resolution, vision.resolution])
  const image = l2Normalize(imageTower(imageTowerWeights(vision, activation, get, block), images))
  const texts = l2Normalize(
    textTower(textTowerWeights(config, get, block), {
      prefix: get(PREFIX),
      suffixes: get(SUFFIXES),
      texts: batch,
      mask: input('mask', [batch, 1, suffixLength, 1 + suffixLength]),
    }),
  )
  const scale = exp(get('logit_scale'))
  const direction = (a: Tensor, b: Tensor, targets: Tensor) =>
    neg(mean(sum(mul(targets, logSoftmax(mul(gemm(a, b, { transB: true }), scale))), [-1])))
  const loss = mul(
    add(
      direction(image, texts, input('targets', [batch, batch])),
      direction(texts, image, input('targetsT', [batch, batch])),
    ),
    0.5,
  )
  const names = [...learned.keys()]
  const grads = gradients(loss, [...learned.values()])
  return { loss, ...Object.fromEntries(names.map((name, i) => [`grad.${name}`, grads[i]!])) }
}
