import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { temporaryFolder } from '../../../test/support/golden-files.js'
import { mergedClip } from '../../core/clip/merged-clip.js'
import { promptedClassifier, zeroShotClassifier } from '../../core/evaluate/classifier.js'
import type { HostTensor } from '../../core/graph/index.js'
import { configure } from '../../core/methods/registry.js'
import type { Model } from '../../core/model.js'
import { randomStream } from '../../core/random.js'
import { loadModel } from '../../node/model.js'
import { writeTorchCheckpoint } from '../../node/weights/torch/torch-write.js'
import { type ImportOptions, importCheckpoint } from './import-checkpoint.js'

const folder = temporaryFolder()
const names = ['cartwheel', 'brush hair', 'a red star']
let model: Model
/** Weights of both towers, each a little beside the model's. */
let tuned: Map<string, Float32Array>

beforeAll(async () => {
  model = await loadModel('tiny', { threads: 1 })
  tuned = new Map()
  for (const [name] of model.clip.tunable()) {
    const random = randomStream(1, 'tuned', name)
    const values = await model.clip.tensors.read(name)
    tuned.set(
      name,
      values.map((value) => value + 0.02 * (random.uniform() - 0.5)),
    )
  }
})
afterAll(() => model.close())

let files = 0
/** A checkpoint as ViFi-CLIP's code saves it, from several GPUs, with what `change` makes of it. */
async function checkpoint(change: (state: Map<string, HostTensor>) => void = () => {}): Promise<string> {
  const { clip } = model
  const { contextLength, width } = clip.config.text
  const ids = names.flatMap((name) => {
    const own = clip.tokenizer.tokenize(`a photo of a ${name}.`)
    return [...own, ...Array.from({ length: contextLength - own.length }, () => 0)]
  })
  const state = new Map<string, HostTensor>([
    [
      'prompt_learner.complete_text_embeddings',
      { shape: [3, contextLength, width], data: await clip.tensors.readRows('token_embedding.weight', ids) },
    ],
    ['logit_scale', { shape: [], data: await clip.tensors.read('logit_scale') }],
  ])
  for (const [name, data] of tuned) {
    const key = name.startsWith('visual.')
      ? name.replace('visual.', 'image_encoder.')
      : `text_encoder.${name}`
    state.set(key, { shape: clip.tensors.shape(name), data })
  }
  change(state)
  const path = join(folder, `ckpt_epoch_${files++}.pth`)
  const stateDict = new Map([...state].map(([name, tensor]) => [`module.${name}`, tensor]))
  await writeTorchCheckpoint(path, { stateDict, epoch: 9 })
  return path
}
const read = async (path: string, more: Partial<ImportOptions> = {}) =>
  importCheckpoint({ checkpoint: path, model, ...more })

describe('an imported checkpoint of tuned weights', () => {
  it('is a run of fine-tuning with these weights and the classes in its texts', async () => {
    const run = await read(await checkpoint())
    expect(run).toMatchObject({ method: { name: 'fine-tune' }, classNames: names, epoch: 10, notes: [] })
    expect(run.parameters).toEqual(tuned)

    const { clip, runtime } = model
    const options = { clip, runtime, classNames: ['a cat', 'a dog'] }
    const images = Float32Array.from({ length: 3 * clip.resolution ** 2 }, (_, i) => Math.sin(i))
    await using own = await promptedClassifier(options, {
      method: configure(run, clip),
      parameters: run.parameters,
    })
    const plain = { ...options, clip: mergedClip(clip, tuned) }
    await using same = await zeroShotClassifier(plain, ['a photo of a {}.'])
    expect((await own.classify(images)).logits).toEqual((await same.classify(images)).logits)
  })

  it('says where its logit scale is left behind', async () => {
    const path = await checkpoint((state) =>
      state.set('logit_scale', { shape: [], data: Float32Array.of(Math.log(50)) }),
    )
    expect((await read(path)).notes).toEqual([expect.stringMatching(/^its logit scale, 50\.0, is not taken/)])
  })

  it('is refused with what is missing or of another shape, another method, or classes that nothing names', async () => {
    const lacking = await checkpoint((state) => state.delete('image_encoder.conv1.weight'))
    await expect(read(lacking)).rejects.toThrow(
      /image_encoder\.conv1\.weight is missing; tiny needs \[128, 3,/,
    )
    const other = await checkpoint((state) =>
      state.set('text_encoder.ln_final.bias', { shape: [2], data: Float32Array.of(1, 2) }),
    )
    await expect(read(other)).rejects.toThrow(
      /text_encoder\.ln_final\.bias has shape \[2\]; tiny needs \[128\]/,
    )
    const whole = await checkpoint()
    await expect(read(whole, { method: 'ivlp' })).rejects.toThrow(/--method ivlp: .* holds tuned weights/)
    const nameless = await checkpoint((state) => state.delete('prompt_learner.complete_text_embeddings'))
    await expect(read(nameless)).rejects.toThrow(/does not tell its classes/)
    expect((await read(nameless, { classNames: ['a', 'b'] })).classNames).toEqual(['a', 'b'])
    const diverged = await checkpoint((state) =>
      state.set('text_encoder.ln_final.bias', {
        shape: [128],
        data: new Float32Array(128).fill(Number.NaN),
      }),
    )
    await expect(read(diverged)).rejects.toThrow(/ln_final\.bias holds values that are not finite/)
  })
})
