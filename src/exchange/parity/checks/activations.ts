import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { blockOutputs } from '../../../core/clip/block.js'
import type { Clip } from '../../../core/clip/clip.js'
import { MASKED } from '../../../core/clip/towers/text-tower.js'
import {
  constant,
  encodeGraph,
  type HostTensor,
  input,
  layerNorm,
  type Tensor,
} from '../../../core/graph/index.js'
import type { Runtime } from '../../../core/runtime/session.js'
import { compareRelative, type Deviation, judged, skipped } from '../deviation.js'
import { imageFeatures, textFeatures, tokenRows } from '../features.js'
import { withPackedClip } from '../golden-clip.js'
import { readJson, readTensors } from '../golden-files.js'
import type { Check } from './check.js'

/** What two float32 implementations may differ by, in units of the largest entry. */
const TOLERANCE = 2e-5
const SUFFIX = '_activations.safetensors.gz'

/**
 * Outputs of every block of both towers, computed without the savings of the towers, to see where an encoder goes
 * wrong; the features are the towers' own.
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
      const comparisons: Deviation[] = [
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
    ...clip.imageTower.activations(input('images', images.shape)),
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

function textActivations(clip: Clip, tokens: Tensor, texts: number): Record<string, Tensor> {
  const { blocks, lnFinal } = clip.textWeights
  const length = tokens.dim(0) / texts
  const mask = constant('parity.causal', [texts, 1, length, length], () =>
    Float32Array.from({ length: texts * length * length }, (_, k) =>
      k % length > Math.floor(k / length) % length ? MASKED : 0,
    ),
  )
  const outputs = blockOutputs(blocks, tokens, texts, mask)
  return {
    ...Object.fromEntries(outputs.map((output, i) => [`text.resblock${i}`, output])),
    'text.ln_final': layerNorm(outputs.at(-1)!, lnFinal.gain, lnFinal.bias),
  }
}

/** Token embeddings with positions: [texts * contextLength, width]. */
async function embedded(clip: Clip, tokens: HostTensor): Promise<HostTensor> {
  const { width } = clip.config.text
  const data = (await clip.embedTokens([...tokens.data])).slice()
  const positions = await clip.tensors.read('positional_embedding')
  for (let i = 0; i < data.length; i++) data[i]! += positions[i % positions.length]!
  return { shape: [tokens.data.length, width], data }
}
