import { Clip } from '../../src/core/clip/clip.js'
import { layoutTexts } from '../../src/core/clip/prompt-layout.js'
import type { ClipTensors } from '../../src/core/clip/weights.js'
import { encodeGraph, type HostTensor } from '../../src/core/graph/index.js'
import { clipPreprocessing, normalize } from '../../src/core/image/preprocess.js'
import type { RgbImage } from '../../src/core/image/resize.js'
import { randomStream } from '../../src/core/random.js'
import type { Runtime } from '../../src/core/runtime/session.js'
import type { Tokenizer } from '../../src/core/tokenizer/tokenizer.js'
import type { Tensors } from '../../src/core/train/optimizer.js'
import { type AdamSlot, adamInPlace } from './adam-in-place.js'
import { ANCHORS, contrastiveGraph, LOOKED_UP, PREFIX, SUFFIXES } from './contrastive-graph.js'
import { initialWeights, type TransformerClipConfig } from './initialize.js'

/** Pictures with captions, and which describes which. */
export interface PairBatch {
  readonly images: readonly RgbImage[]
  readonly captions: readonly string[]
  /** Row i: the captions that are true of picture i, summing to 1: [B, T]. */
  readonly targets: Float32Array
  /** Row j: the pictures that caption j is true of, summing to 1: [T, B]. */
  readonly targetsT: Float32Array
  /** Row i: what picture i shows, of all things there are: [B, N]. For models with anchors. */
  readonly imageThings?: Float32Array
  /** Row j: what caption j may mean, summing to 1: [T, N]. */
  readonly textThings?: Float32Array
}

/** A part of a training in which pictures have one size. */
export interface Phase {
  readonly resolution: number
  /** The step after the last. */
  readonly until: number
}

/** Settings of contrastive pre-training. */
export interface PretrainOptions {
  readonly config: TransformerClipConfig
  readonly tokenizer: Tokenizer
  readonly runtime: Runtime
  readonly seed: number
  readonly steps: number
  /** Pictures a step, B, and captions a step, T. */
  readonly batch: number
  readonly texts: number
  /** The pairs of a step, with pictures of that side. Asked for one step ahead, while the other is computed. */
  readonly pairs: (step: number, side: number) => PairBatch
  readonly learningRate: number
  readonly warmupSteps: number
  readonly weightDecay: number
  /** Tokens of a caption without the start token; longer captions are cut. */
  readonly suffixLength: number
  /** Things there are, N, where images and texts are also told apart by one learned row each; see `contrastiveGraph`. */
  readonly things?: number
  /** Steps at smaller pictures first; default none. The rest is at the model's resolution. */
  readonly phases?: readonly Phase[]
  /** Where to go on from. */
  readonly from?: PretrainState | undefined
  /** `current` is overwritten by the next step. */
  readonly onStep?: (step: number, loss: number, current: PretrainState) => void | Promise<void>
}

/** Weights by canonical name. */
export type Weights = ReadonlyMap<string, HostTensor>

/** Everything that the next step depends on. */
export interface PretrainState {
  readonly step: number
  /** With {@link ANCHORS}, if any. */
  readonly weights: Weights
  /** Of the optimizer. */
  readonly buffers: Tensors
}

/** Largest logit scale, as in the CLIP paper (section 2.5): exp(x) at most 100. */
const LARGEST_SCALE = Math.log(100)

const POSITIONS = 'visual.positional_embedding'

/**
 * Trains a CLIP from scratch on picture-caption pairs; returns its weights by canonical name. The same options give the same
 * weights, to the bit on one machine with one number of threads, also when it goes on `from` a state.
 */
export async function pretrain(options: PretrainOptions): Promise<Weights> {
  const { steps, phases = [], config } = options
  let state = options.from ?? begin(options)
  const last = { resolution: config.vision.resolution, until: steps + 1 }
  for (const { resolution, until } of [...phases, last]) {
    if (state.step + 1 < until) state = await runPhase(options, state, { resolution, until })
  }
  return new Map([...state.weights].filter(([name]) => name !== ANCHORS))
}

function begin({ config, seed, phases = [], things }: PretrainOptions): PretrainState {
  const weights = new Map<string, HostTensor>(initialWeights(at(config, phases[0]?.resolution), seed))
  if (things !== undefined) {
    const random = randomStream(seed, 'weights', ANCHORS)
    const data = Float32Array.from({ length: things * config.embedDim }, () => random.normal())
    weights.set(ANCHORS, { shape: [things, config.embedDim], data })
  }
  return { step: 0, weights, buffers: new Map() }
}

const at = (config: TransformerClipConfig, resolution = config.vision.resolution): TransformerClipConfig => ({
  ...config,
  vision: { ...config.vision, resolution },
})

async function runPhase(options: PretrainOptions, from: PretrainState, phase: Phase): Promise<PretrainState> {
  const { tokenizer, runtime, batch, texts: textCount, suffixLength, pairs } = options
  const { resolution, until } = phase
  const config = at(options.config, resolution)
  const grown = resized(from, config)
  const shapes = new Map([...grown.weights].map(([name, { shape }]) => [name, shape]))
  // Overwritten by every step.
  const params: Tensors = new Map([...grown.weights].map(([name, { data }]) => [name, data.slice()]))
  const moment = (kind: string, name: string, { length }: Float32Array) =>
    grown.buffers.get(`${kind}.${name}`)?.slice() ?? new Float32Array(length)
  const slots = new Map(
    [...params].map(([name, values]): [string, AdamSlot] => [
      name,
      { values, first: moment('exp_avg', name, values), second: moment('exp_avg_sq', name, values) },
    ]),
  )
  const weights: Weights = new Map(
    [...params].map(([name, data]) => [name, { shape: shapes.get(name)!, data }]),
  )
  const buffers: Tensors = new Map(
    [...slots].flatMap(([name, { first, second }]): [string, Float32Array][] => [
      [`exp_avg.${name}`, first],
      [`exp_avg_sq.${name}`, second],
    ]),
  )
  const graph = contrastiveGraph({ config, shapes, batch, texts: textCount, suffixLength })
  const session = await runtime.compile(await encodeGraph(graph))
  let next = pairs(from.step + 1, resolution)
  for (let step = from.step + 1; step < until; step++) {
    const current = next
    const pixels = new Float32Array(batch * 3 * resolution * resolution)
    for (const [i, image] of current.images.entries())
      normalize(image.data, clipPreprocessing(resolution), pixels, i * 3 * resolution ** 2)
    const tokens = current.captions.map((text) =>
      tokenizer.tokenize(text, { truncate: true }).slice(0, 1 + suffixLength),
    )
    for (const ids of tokens) ids[ids.length - 1] = tokenizer.endToken
    const clip = new Clip({ config, tokenizer, name: 'new', tensors: tensorsOf(params, shapes) })
    const texts = await layoutTexts(clip, tokens, 1, suffixLength)
    const { targets, targetsT, imageThings, textThings } = current
    const things = shapes.get(ANCHORS)?.[0]
    const running = session.run({
      ...Object.fromEntries(weights),
      images: { shape: [batch, 3, resolution, resolution], data: pixels },
      targets: { shape: [batch, textCount], data: targets },
      targetsT: { shape: [textCount, batch], data: targetsT },
      ...(things === undefined
        ? {}
        : {
            imageThings: { shape: [batch, things], data: imageThings! },
            textThings: { shape: [textCount, things], data: textThings! },
          }),
      mask: texts.mask,
      [SUFFIXES]: texts.suffixes,
      [PREFIX]: { shape: [1, config.text.width], data: startRow(params, tokenizer, config.text.width) },
    })
    if (step + 1 < until) next = pairs(step + 1, resolution)
    const outputs = await running
    const grads = gradientsOf(outputs, params, tokens, config.text.width, suffixLength)
    const rate = rateAt(options, step)
    for (const [name, slot] of slots) {
      const decays = shapes.get(name)!.length > 1 && name !== ANCHORS
      adamInPlace(slot, grads.get(name)!, {
        count: step,
        rate,
        decay: decays ? rate * options.weightDecay : 0,
        beta1: 0.9,
        beta2: 0.98,
        epsilon: 1e-6,
      })
    }
    const scale = params.get('logit_scale')!
    scale[0] = Math.min(scale[0]!, LARGEST_SCALE)
    await options.onStep?.(step, outputs.loss!.data[0]!, { step, weights, buffers })
  }
  await session.release()
  return { step: until - 1, weights, buffers }
}

/** A state for pictures of another size: positions and what the optimizer knows of them are stretched (bilinear). */
function resized(
  { step, weights, buffers }: PretrainState,
  { vision }: TransformerClipConfig,
): PretrainState {
  const { shape, data } = weights.get(POSITIONS)!
  const [rows, width] = shape as [number, number]
  const side = vision.resolution / vision.patchSize
  if (rows === 1 + side * side) return { step, weights, buffers }
  const stretched = (values: Float32Array) => stretchPositions(values, Math.sqrt(rows - 1), side, width)
  const found = [...buffers].map(([name, values]): [string, Float32Array] => [
    name,
    name.endsWith(`.${POSITIONS}`) ? stretched(values) : values,
  ])
  const positions: HostTensor = { shape: [1 + side * side, width], data: stretched(data as Float32Array) }
  return { step, weights: new Map(weights).set(POSITIONS, positions), buffers: new Map(found) }
}

/** Rows of a grid of `from` x `from` positions after one row for the class, on a grid of `to` x `to`. */
function stretchPositions(values: Float32Array, from: number, to: number, width: number): Float32Array {
  const result = new Float32Array((1 + to * to) * width)
  result.set(values.subarray(0, width))
  const place = (i: number) => Math.max(0, Math.min(from - 1, ((i + 0.5) * from) / to - 0.5))
  for (let i = 0; i < to * to; i++) {
    const [x, y] = [place(i % to), place(Math.floor(i / to))]
    const [x0, y0] = [Math.min(Math.floor(x), from - 2), Math.min(Math.floor(y), from - 2)]
    for (let k = 0; k < 4; k++) {
      const weight = (k & 1 ? x - x0 : 1 - x + x0) * (k >> 1 ? y - y0 : 1 - y + y0)
      const row = 1 + (y0 + (k >> 1)) * from + x0 + (k & 1)
      for (let d = 0; d < width; d++) result[(1 + i) * width + d]! += weight * values[row * width + d]!
    }
  }
  return result
}

/** Linear warm-up, then cosine to zero. */
function rateAt({ learningRate, warmupSteps, steps }: PretrainOptions, step: number): number {
  if (step <= warmupSteps) return (learningRate * step) / warmupSteps
  return (learningRate * (1 + Math.cos((Math.PI * (step - warmupSteps)) / (steps - warmupSteps)))) / 2
}

/** Weights held in memory as a Clip reads them. */
export function tensorsOf(params: Tensors, shapes: ReadonlyMap<string, readonly number[]>): ClipTensors {
  return {
    shape: (name) => shapes.get(name)!,
    read: async (name) => params.get(name)!,
    async readRows(name, rows) {
      const width = shapes.get(name)![1]!
      const data = params.get(name)!
      const picked = new Float32Array(rows.length * width)
      for (const [i, row] of rows.entries())
        picked.set(data.subarray(row * width, (row + 1) * width), i * width)
      return picked
    },
  }
}

function startRow(params: Tensors, { startToken }: Tokenizer, width: number): Float32Array {
  const [tokens, positions] = LOOKED_UP.map((name) => params.get(name)!)
  return tokens!.slice(startToken * width, (startToken + 1) * width).map((value, i) => value + positions![i]!)
}

/** Gradients by weight name; those of the embedded tokens are scattered back into the embedding tables. */
function gradientsOf(
  outputs: Readonly<Record<string, HostTensor>>,
  params: Tensors,
  tokens: readonly (readonly number[])[],
  width: number,
  suffixLength: number,
): Map<string, Float32Array> {
  const grads = new Map<string, Float32Array>()
  for (const name of params.keys()) {
    const found = outputs[`grad.${name}`]
    grads.set(name, found ? found.data : new Float32Array(params.get(name)!.length))
  }
  const [intoTokens, intoPositions] = LOOKED_UP.map((name) => grads.get(name)!)
  const scatter = (from: Float32Array, row: number, token: number, position: number) => {
    for (let d = 0; d < width; d++) {
      intoTokens![token * width + d]! += from[row * width + d]!
      intoPositions![position * width + d]! += from[row * width + d]!
    }
  }
  const suffixes = outputs[`grad.${SUFFIXES}`]!.data
  for (const [text, ids] of tokens.entries()) {
    const padding = suffixLength - (ids.length - 1)
    for (let j = 1; j < ids.length; j++) scatter(suffixes, text * suffixLength + padding + j - 1, ids[j]!, j)
  }
  scatter(outputs[`grad.${PREFIX}`]!.data, 0, tokens[0]![0]!, 0)
  return grads
}
