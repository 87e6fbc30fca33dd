import { copyFile, mkdir, readFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import type { ClipConfig } from '../core/clip/config.js'
import { sizeOf } from '../core/graph/index.js'
import { clipShapes, randomValues } from '../core/weights/random-clip.js'
import { encodeSafetensors } from '../core/weights/safetensors.js'
import { writeFileAtomic } from '../node/files/atomic.js'
import { resolveModel } from '../node/hub/resolve-model.js'

/** Sizes of the embedded model of the emoji world. */
const config: ClipConfig = {
  embedDim: 128,
  activation: 'exact',
  vision: { kind: 'eva02', resolution: 48, patchSize: 8, width: 128, layers: 4, heads: 2 },
  text: { contextLength: 77, vocabSize: 2014, width: 128, layers: 3, heads: 2 },
}

/**
 * Writes a small EVA-CLIP of random weights with the embedded vocabulary, the same bytes each time: what needs the
 * architecture runs on it offline, at accuracies of chance.
 *
 * @returns the folder's full path, which is a model's name
 */
export async function writeRandomEva02(folder: string): Promise<string> {
  const { path: emoji } = await resolveModel('emoji')
  await mkdir(folder, { recursive: true })
  for (const file of ['merges.txt', 'vocab.json']) await copyFile(join(emoji, file), join(folder, file))
  const { preprocess_cfg } = JSON.parse(await readFile(join(emoji, 'open_clip_config.json'), 'utf8'))
  const model_cfg = { embed_dim: config.embedDim, vision_cfg: {}, text_cfg: { heads: config.text.heads } }
  await writeFileAtomic(
    join(folder, 'open_clip_config.json'),
    `${JSON.stringify({ model_cfg, preprocess_cfg }, null, 2)}\n`,
  )
  const tensors = [...clipShapes(config)].map(
    ([name, shape]) => [name, { shape, data: randomValues(name, sizeOf(shape)) }] as const,
  )
  await writeFileAtomic(join(folder, 'open_clip_model.safetensors'), encodeSafetensors(new Map(tensors)))
  return resolve(folder)
}
