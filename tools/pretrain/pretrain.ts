import { Clip } from '../../src/core/clip/clip.js'
import { layoutTexts } from '../../src/core/clip/prompt-layout.js'
import type { ClipTensors } from '../../src/core/clip/weights.js'
import { encodeGraph, type HostTensor } from '../../src/core/graph/index.js'
import { clipPreprocessing, normalize } from '../../src/core/image/preprocess.js'
import type { Runtime } from '../../src/core/runtime/session.js'
import type { Tokenizer } from '../../src/core/tokenizer/tokenizer.js'
import { adamW } from '../../src/core/train/adam.js'
import type { OptimizerState, Tensors } from '../../src/core/train/optimizer.js'
import { pairBatch } from './batches.js'
import { contrastiveGraph, LOOKED_UP, PREFIX, SUFFIXES } from './contrastive-graph.js'
import { initialWeights, type TransformerClipConfig } from './initialize.js'

/** Settings of contrastive pre-training. */
export interface PretrainOptions {
  readonly config: TransformerClipConfig
  readonly tokenizer: Tokenizer
  readonly runtime: Runtime
  readonly seed: number
  readonly steps: number
  readonly batch: number
  readonly learningRate: number
  readonly warmupSteps: number
  readonly weightDecay: number
  /** Tokens of a caption without the start token; longer captions are cut. */
  readonly suffixLength: number
  readonly onStep?: (step: number, loss: number, weights: Weights) => void | Promise<void>
}

/** Weights by canonical name. */
export type Weights = ReadonlyMap<string, HostTensor>

/** Largest logit scale, as in the CLIP paper (section 2.5): exp(x) at most 100. */
const LARGEST_SCALE = Math.log(100)

/** Trains a CLIP from scratch on the toy world's picture-caption pairs; returns its weights by canonical name. */
export async function pretrain(options: PretrainOptions): Promise<Weights> {
  const { config, tokenizer, runtime, seed, steps, batch, suffixLength } = options
  const initial = initialWeights(config, seed)
  const shapes = new Map([...initial].map(([name, { shape }]) => [name, shape]))
  let params: Tensors = new Map([...initial].map(([name, { data }]) => [name, data]))
  const named = (): Weights =>
    new Map([...params].map(([name, data]) => [name, { shape: shapes.get(name)!, data }]))

  const graph = contrastiveGraph({ config, shapes, batch, suffixLength })
  const session = await runtime.compile(await encodeGraph(graph))
  const optimizer = adamW({
    beta2: 0.98,
    epsilon: 1e-6,
    weightDecay: options.weightDecay,
    decays: (name) => shapes.get(name)!.length > 1,
  })
  let state: OptimizerState = optimizer.init()
  const { resolution } = config.vision
  for (let step = 1; step <= steps; step++) {
    const pairs = pairBatch(seed, step, batch)
    const pixels = new Float32Array(batch * 3 * resolution * resolution)
    for (const [i, image] of pairs.images.entries())
      normalize(image.data, clipPreprocessing(resolution), pixels, i * 3 * resolution ** 2)
    const tokens = pairs.captions.map((text) =>
      tokenizer.tokenize(text, { truncate: true }).slice(0, 1 + suffixLength),
    )
    for (const ids of tokens) ids[ids.length - 1] = tokenizer.endToken
    const clip = new Clip({ config, tokenizer, name: 'new', tensors: tensorsOf(params, shapes) })
    const texts = await layoutTexts(clip, tokens, 1, suffixLength)
    const outputs = await session.run({
      ...Object.fromEntries(named()),
      images: { shape: [batch, 3, resolution, resolution], data: pixels },
      targets: { shape: [batch, batch], data: pairs.targets },
      targetsT: { shape: [batch, batch], data: pairs.targetsT },
      mask: texts.mask,
      [SUFFIXES]: texts.suffixes,
      [PREFIX]: { shape: [1, config.text.width], data: startRow(params, tokenizer, config.text.width) },
    })
    const grads = gradientsOf(outputs, params, tokens, config.text.width, suffixLength)
    const updated = optimizer.update(params, grads, state, rateAt(options, step))
    state = updated.state
    const scale = updated.params.get('logit_scale')!
    params = new Map(updated.params).set(
      'logit_scale',
      scale.map((s) => Math.min(s, LARGEST_SCALE)),
    )
    await options.onStep?.(step, outputs.loss!.data[0]!, named())
  }
  await session.release()
  return named()
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
