import { cpSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { copyGolden, extractGolden, temporaryFolder } from '../../test/support/golden-files.js'
import type { Dataset } from '../core/data/dataset.js'
import { referenceTo } from '../core/model-reference.js'
import { randomStream } from '../core/random.js'
import { toyDataset } from '../core/world/datasets.js'
import { type LoadModelOptions, loadModel } from './model.js'
import { loadRun } from './run.js'
import { loadPrompts, savePrompts } from './runs/prompts-file.js'
import { readRunConfig } from './runs/run-directory.js'
import { trainRun } from './runs/train-run.js'

const tiny = fileURLToPath(new URL('../../assets/tiny', import.meta.url))
const openClipConfig = {
  model_cfg: {
    embed_dim: 128,
    vision_cfg: { image_size: 48, layers: 4, width: 128, patch_size: 8 },
    text_cfg: { context_length: 77, vocab_size: 965, width: 128, heads: 2, layers: 3 },
  },
}
const squash = { ...openClipConfig, preprocess_cfg: { resize_mode: 'squash' } }

/** The files of the embedded model in a folder of their own, the weights under another name. */
function copyOfTiny(weights: string, config?: object): string {
  const folder = temporaryFolder()
  cpSync(tiny, folder, { recursive: true })
  renameSync(join(folder, 'model.safetensors'), join(folder, weights))
  rmSync(join(folder, 'open_clip_config.json'))
  if (config) writeFileSync(join(folder, 'open_clip_config.json'), JSON.stringify(config))
  return folder
}

const warnings: string[] = []
const listen = ({ name, message }: Error) => {
  if (name === 'ModelWarning') warnings.push(message)
}
beforeAll(() => {
  process.env.PROMPTSRC_CACHE_GB = '0'
  process.on('warning', listen)
})
afterAll(() => {
  delete process.env.PROMPTSRC_CACHE_GB
  process.off('warning', listen)
})

/** What a model is after it was loaded, with the warnings of that. */
async function loaded(path: string, options: LoadModelOptions = {}) {
  warnings.length = 0
  const model = await loadModel(path, { threads: 1, ...options })
  const { clip } = model
  const reference = await referenceTo(model)
  await model.close()
  // Warnings are emitted after the call that asks for it.
  await new Promise((resolve) => setImmediate(resolve))
  return { config: clip.config, preprocessing: clip.preprocessing, reference, warnings: [...warnings] }
}

describe('the activation of a model', () => {
  it('is a guess with one warning where no configuration says it', async () => {
    const path = join(copyOfTiny('epoch_5.safetensors'), 'epoch_5.safetensors')
    const first = await loaded(path)
    expect(first.config.activation).toBe('quick')
    expect(first.warnings).toEqual([
      expect.stringMatching(/epoch_5\.safetensors: no configuration says which activation .* --activation/),
    ])
    expect((await loaded(path)).warnings).toEqual([])
  })

  it('is a guess for the names of Hugging Face and open_clip as well', async () => {
    const folder = temporaryFolder()
    const path = extractGolden('containers/hf_vitB/model.safetensors', folder)
    const guessed = await loaded(path)
    expect([guessed.config.activation, guessed.warnings.length]).toEqual(['quick', 1])
    copyGolden('containers/hf_vitB/config.json', folder)
    expect((await loaded(path)).warnings).toEqual([])
  })

  it('is known without a warning where a configuration says it, and of the embedded model', async () => {
    const folder = copyOfTiny('epoch_5.safetensors', openClipConfig)
    for (const path of [folder, join(folder, 'epoch_5.safetensors')]) {
      const { config, warnings, reference } = await loaded(path)
      expect([config.activation, warnings]).toEqual(['exact', []])
      expect(Object.keys(reference)).toEqual(['name', 'sha256'])
    }
    expect((await loaded('tiny')).warnings).toEqual([])
  })

  it('is what the caller states, and the reference to the model says so', async () => {
    const guess = copyOfTiny('model.safetensors')
    const exact = await loaded(guess, { activation: 'gelu' })
    expect([exact.config.activation, exact.reference.activation, exact.warnings]).toEqual([
      'exact',
      'gelu',
      [],
    ])
    const quick = await loaded(copyOfTiny('x.safetensors', openClipConfig), { activation: 'quick-gelu' })
    expect(quick.config.activation).toBe('quick')
  })
})

describe('a weight file that is named itself', () => {
  it('goes with the tokenizer and configuration of its folder', async () => {
    const folder = copyOfTiny('epoch_5.safetensors', squash)
    const file = await loaded(join(folder, 'epoch_5.safetensors'))
    const whole = await loaded(folder)
    expect(file.config).toEqual(whole.config)
    expect(file.config.text.vocabSize).toBe(965)
    expect(file.preprocessing).toMatchObject({ resize: 'squash', size: 48 })
  })
})

describe('a run', () => {
  const data: Dataset = toyDataset('toy')

  async function trained(model: string, options: LoadModelOptions = {}): Promise<string> {
    const out = join(temporaryFolder(), 'run')
    const loadedModel = await loadModel(model, { threads: 1, ...options })
    const events = trainRun({ model: loadedModel, data, out, epochs: 1, shots: 1, batchSize: 8, seed: 1 })
    for (let next = await events.next(); !next.done; ) next = await events.next()
    await loadedModel.close()
    return out
  }

  it('remembers nothing of a model that says all itself', async () => {
    const out = await trained('tiny')
    const { model } = await loadPrompts(join(out, 'prompts.safetensors'))
    expect(Object.keys(model)).toEqual(['name', 'sha256'])
    expect(Object.keys((await readRunConfig(out))!.model)).toEqual(['name', 'sha256'])
  })

  it('is not downloaded because a run that was given names it', async () => {
    const out = await trained('tiny')
    const file = join(out, 'prompts.safetensors')
    const prompts = await loadPrompts(file)
    const tinyModel = await loadModel('tiny', { threads: 1 })
    const named = { ...prompts.model, name: 'attacker/evil-repo' }
    await savePrompts(file, { ...prompts, model: named }, tinyModel.clip)
    await expect(loadRun(out, { threads: 1 })).rejects.toThrow(/names the model attacker\/evil-repo/)
    // Whoever says which model it is gets it.
    expect((await loadRun(out, { model: tinyModel })).model).toBe(tinyModel)
    await tinyModel.close()
  })

  it('is used with the activation and the form of images that it was trained with', async () => {
    const folder = copyOfTiny('model.safetensors', squash)
    const out = await trained(folder, { activation: 'quick-gelu' })
    // What lies beside the weights now says something else.
    writeFileSync(join(folder, 'open_clip_config.json'), JSON.stringify(openClipConfig))
    const { prompts, model } = await loadRun(out, { threads: 1 })
    expect(prompts.model).toMatchObject({ activation: 'quick-gelu', pixels: { resize: 'squash' } })
    expect((await readRunConfig(out))!.model).toEqual(prompts.model)
    expect(model.clip.config.activation).toBe('quick')
    expect(model.clip.preprocessing.resize).toBe('squash')
    await model.close()

    const other = await loadModel(folder, { threads: 1 })
    await expect(loadRun(out, { model: other })).rejects.toThrow(/images in another form/)
    await other.close()
  })

  it('of before keeps the form of images that all models had then', async () => {
    const folder = copyOfTiny('model.safetensors', openClipConfig)
    const out = await trained(folder)
    writeFileSync(join(folder, 'open_clip_config.json'), JSON.stringify(squash))
    const { model } = await loadRun(out, { threads: 1 })
    expect(model.clip.preprocessing.resize).toBe('shortest')
    await model.close()
  })
})

describe('the features of a model', () => {
  it('are those of images in its own form', async () => {
    const random = randomStream(1, 'wide')
    const image = {
      width: 96,
      height: 48,
      data: Uint8Array.from({ length: 3 * 96 * 48 }, () => random.integer(256)),
    }
    const datum = { source: 'wide', label: 0, load: async () => image }
    const { imageFeatures } = await import('../core/evaluate/image-features.js')
    const featuresWith = async (config: object) => {
      const model = await loadModel(copyOfTiny('model.safetensors', config), { threads: 1 })
      const { features } = await imageFeatures(model, [datum])
      await model.close()
      return features
    }
    const [cut, squashed] = [await featuresWith(openClipConfig), await featuresWith(squash)]
    expect(squashed).not.toEqual(cut)
  })
})
