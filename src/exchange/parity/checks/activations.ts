import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { residualBlock } from '../../../core/clip/block.js'
import type { BlockWeights } from '../../../core/clip/block-weights.js'
import type { Clip } from '../../../core/clip/clip.js'
import { embedPatches, projectPatches } from '../../../core/clip/towers/image-tower.js'
import { resnetStages } from '../../../core/clip/towers/resnet-tower.js'
import { MASKED } from '../../../core/clip/towers/text-tower.js'
import {
  constant,
  encodeGraph,
  type HostTensor,
  input,
  layerNorm,
  reshape,
  slice,
  type Tensor,
  transpose,
} from '../../../core/graph/index.js'
import type { Runtime } from '../../../core/runtime/session.js'
import { type Comparison, compareRelative, judged, skipped } from '../compare.js'
import { imageFeatures, textFeatures, tokenRows } from '../features.js'
import { withPackedClip } from '../golden-clip.js'
import { readJson, readTensors } from '../golden-files.js'
import type { Check } from './check.js'

/** What two float32 implementations may differ by, in units of the largest entry. */
const TOLERANCE = 2e-5
const SUFFIX = '_activations.safetensors.gz'

/**
 * Outputs of every block of both towers. The towers themselves compute only the rows that something reads, so the
 * blocks are put together here without savings, to see where an encoder goes wrong; the features are the towers' own.
 */
export const activationsCheck: Check = {
  name: 'encoder activations',
  path: 'clip/clips.json',
  async *run({ root, runtime }) {
    const models = await readJson<Record<string, { texts_of_activations: string[] }>>(join(root, this.path))
    const files = new Set(await readdir(join(root, 'clip')))
    for (const [model, { texts_of_activations: texts }] of Object.entries(models)) {
      const name = `clip/${model} activations`
      if (!files.has(model + SUFFIX) || !files.has(`${model}.safetensors.gz`)) {
        yield skipped(name, 'not present')
        continue
      }
      const expected = await readTensors(join(root, 'clip', model + SUFFIX))
      const { images, tokens, ...activations } = Object.fromEntries(expected)
      const computed = await withPackedClip(join(root, 'clip', `${model}.safetensors.gz`), (clip) =>
        encoderActivations(clip, runtime, texts, images!),
      )
      const comparisons: Comparison[] = [
        compareRelative('tokens', computed.get('tokens'), tokens!, 0),
        ...Object.entries(activations).map(([key, tensor]) =>
          compareRelative(key, computed.get(key), tensor, TOLERANCE),
        ),
      ]
      yield judged(name, comparisons)
    }
  },
}

/** Activations of both towers under the reference's names. */
async function encoderActivations(
  clip: Clip,
  runtime: Runtime,
  texts: readonly string[],
  images: HostTensor,
): Promise<Map<string, HostTensor>> {
  const tokens = tokenRows(clip, texts)
  const outputs = {
    ...imageActivations(clip, input('images', images.shape)),
    ...textActivations(clip, input('tokens', [tokens.data.length, clip.config.text.width]), texts.length),
  }
  const session = await runtime.compile(await encodeGraph(outputs))
  try {
    const computed = await session.run({ images, tokens: await embedded(clip, tokens) })
    return new Map([
      ...Object.entries(computed),
      ['tokens', tokens],
      ['image_features', await imageFeatures(clip, runtime, images)],
      ['text_features', await textFeatures(clip, runtime, texts)],
    ])
  } finally {
    await session.release()
  }
}

function imageActivations(clip: Clip, images: Tensor): Record<string, Tensor> {
  const { vision } = clip.config
  if (vision.kind === 'resnet') {
    const [stem, ...stages] = resnetStages(clip.tensors, vision, images)
    const named = stages.map((map, i) => [`image.layer${i + 1}`, map] as const)
    return { 'image.stem': stem!, ...Object.fromEntries(named) }
  }
  const w = clip.imageWeights!
  const batch = images.dim(0)
  const grid = vision.resolution / vision.patchSize
  const maps = reshape(projectPatches(w, images), [batch, grid, grid, vision.width])
  const first = layerNorm(embedPatches(w, images), w.lnPre.gain, w.lnPre.bias)
  const blocks = blockOutputs('image', w.blocks, first, batch)
  const last = blocks[`image.resblock${w.blocks.length - 1}`]!
  const classRows = reshape(slice(last, 1, 0, 1), [batch, vision.width])
  return {
    'image.conv1': transpose(maps, [0, 3, 1, 2]),
    'image.ln_pre': reshape(first, [batch, -1, vision.width]),
    ...blocks,
    'image.ln_post_cls': layerNorm(classRows, w.lnPost.gain, w.lnPost.bias),
  }
}

function textActivations(clip: Clip, tokens: Tensor, texts: number): Record<string, Tensor> {
  const { blocks, lnFinal } = clip.textWeights
  const length = tokens.dim(0) / texts
  const mask = constant('parity.causal', [texts, 1, length, length], () =>
    Float32Array.from({ length: texts * length * length }, (_, k) =>
      k % length > Math.floor(k / length) % length ? MASKED : 0,
    ),
  )
  const outputs = blockOutputs('text', blocks, tokens, texts, mask)
  const last = outputs[`text.resblock${blocks.length - 1}`]!
  return { ...outputs, 'text.ln_final': layerNorm(last, lnFinal.gain, lnFinal.bias) }
}

/** Every token's output of every block: [sequences, tokens, width] each. */
function blockOutputs(
  tower: 'image' | 'text',
  blocks: readonly BlockWeights[],
  first: Tensor,
  sequences: number,
  mask?: Tensor,
): Record<string, Tensor> {
  const outputs: Record<string, Tensor> = {}
  let items = first
  for (const [i, block] of blocks.entries()) {
    const rows = { shared: undefined, items, groups: sequences }
    items = residualBlock(block, rows, mask ? { itemMask: mask } : {}).items
    outputs[`${tower}.resblock${i}`] = reshape(items, [sequences, -1, items.dim(1)])
  }
  return outputs
}

/** Token embeddings with positions: [texts * contextLength, width]. */
async function embedded(clip: Clip, tokens: HostTensor): Promise<HostTensor> {
  const { width } = clip.config.text
  const data = (await clip.embedTokens([...tokens.data])).slice()
  const positions = await clip.tensors.read('positional_embedding')
  for (let i = 0; i < data.length; i++) data[i]! += positions[i % positions.length]!
  return { shape: [tokens.data.length, width], data }
}
