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

/** A row of width D for everything that is told apart: an auxiliary weight that no model keeps. */
export const ANCHORS = 'anchors'

/** Sizes of one contrastive step. */
export interface ContrastiveOptions {
  readonly config: TransformerClipConfig
  /** Weights by name with their shapes. */
  readonly shapes: ReadonlyMap<string, readonly number[]>
  /** Images of a step, B. */
  readonly batch: number
  /** Texts of a step, T. */
  readonly texts: number
  /** Tokens of a text without the start token, S. */
  readonly suffixLength: number
}

/**
 * One step of contrastive pre-training (CLIP paper, figure 3) with every weight trainable: inputs `images`
 * [B, 3, R, R], the embedded tokens, their mask [T, 1, S, 1 + S], `targets` [B, T] (row i: which texts describe image i,
 * summing to 1) and `targetsT` [T, B] (the same for texts) and all weights; outputs `loss` and `grad.<name>`.
 *
 * Where `shapes` has {@link ANCHORS} [N, D], images and texts are told from all N things by these as well, with `imageThings`
 * [B, N] and `textThings` [T, N] as targets: a batch alone has few things to tell apart. That loss is added in full.
 */
export function contrastiveGraph({
  config,
  shapes,
  batch,
  texts: textCount,
  suffixLength,
}: ContrastiveOptions): Record<string, Tensor> {
  const { vision, text, activation } = config
  const lookedUp = new Set<string>(LOOKED_UP)
  const learned = new Map<string, Tensor>()
  for (const [name, shape] of shapes) if (!lookedUp.has(name)) learned.set(name, input(name, shape))
  learned.set(PREFIX, input(PREFIX, [1, text.width]))
  learned.set(SUFFIXES, input(SUFFIXES, [textCount * suffixLength, text.width]))
  const get = (name: string) => learned.get(name)!
  const block = (prefix: string, shape: Parameters<typeof plainBlockWeights>[2]) =>
    plainBlockWeights(get, prefix, shape)

  const images = input('images', [batch, 3, vision.resolution, vision.resolution])
  const image = l2Normalize(imageTower(imageTowerWeights(vision, activation, get, block), images))
  const texts = l2Normalize(
    textTower(textTowerWeights(config, get, block), {
      prefix: get(PREFIX),
      suffixes: get(SUFFIXES),
      texts: textCount,
      mask: input('mask', [textCount, 1, suffixLength, 1 + suffixLength]),
    }),
  )
  const scale = exp(get('logit_scale'))
  const direction = (a: Tensor, b: Tensor, targets: Tensor) =>
    neg(mean(sum(mul(targets, logSoftmax(mul(gemm(a, b, { transB: true }), scale))), [-1])))
  const contrast = mul(
    add(
      direction(image, texts, input('targets', [batch, textCount])),
      direction(texts, image, input('targetsT', [textCount, batch])),
    ),
    0.5,
  )
  const things = shapes.get(ANCHORS)?.[0]
  const told = (count: number) => {
    const anchors = l2Normalize(get(ANCHORS))
    return mul(
      add(
        direction(image, anchors, input('imageThings', [batch, count])),
        direction(texts, anchors, input('textThings', [textCount, count])),
      ),
      0.5,
    )
  }
  const loss = things === undefined ? contrast : add(contrast, told(things))
  const names = [...learned.keys()]
  const grads = gradients(loss, [...learned.values()])
  return { loss, ...Object.fromEntries(names.map((name, i) => [`grad.${name}`, grads[i]!])) }
}
