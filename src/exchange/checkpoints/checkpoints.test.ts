import { existsSync, mkdirSync, readFileSync, truncateSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { extractGolden, goldenPath, temporaryFolder } from '../../../test/support/golden-files.js'
import { promptedClassifier } from '../../core/evaluate/classifier.js'
import type { HostTensor } from '../../core/graph/index.js'
import { configure } from '../../core/methods/registry.js'
import type { Model } from '../../core/model.js'
import { loadModel } from '../../node/model.js'
import { openTorch } from '../../node/weights/torch/torch.js'
import { writeTorchCheckpoint } from '../../node/weights/torch/torch-write.js'
import { readTensors } from '../parity/golden-files.js'
import { classifyAll } from '../parity/replay.js'
import { exportCheckpoint } from './export-checkpoint.js'
import { findCheckpoint } from './find-checkpoint.js'
import { type ImportOptions, importCheckpoint } from './import-checkpoint.js'
import { recognise } from './recognise.js'

const folder = temporaryFolder()
let model: Model
beforeAll(async () => {
  model = await loadModel(extractGolden('clip/vitB.safetensors', folder), { threads: 1 })
})
afterAll(() => model.close())

const learners: Record<string, string> = {
  coop: 'prompt_learner',
  cocoop: 'prompt_learner',
  maple: 'MultiModalPromptLearner',
  ivlp: 'VLPromptLearner',
}
const names = ['banded', 'polka-dotted', 'annual crop land', 'sea lake', 'yin yang', '7 up bottle']

/** The output folder of a reference run. */
function outputOf(method: string): string {
  const path = `${method}/${learners[method]}/model.pth.tar-3`
  if (!existsSync(join(folder, path))) extractGolden(`checkpoints/${path}`, folder, path)
  return join(folder, method)
}
const read = (method: string, options: Partial<ImportOptions> = {}) =>
  importCheckpoint({ checkpoint: outputOf(method), model, ...options })

describe.each(Object.keys(learners))('an imported checkpoint of %s', (method) => {
  it('gives the logits of the reference, with nothing told but the model', async () => {
    const prompts = await read(method)
    expect(prompts).toMatchObject({ epoch: 3, method: { name: method } })
    expect(prompts.classNames.map((name) => name.replace(' - ', '-'))).toEqual(names)
    const { data } = JSON.parse(readFileSync(goldenPath(`cases/ckpt_${method}.json`), 'utf8'))
    const images = (await readTensors(goldenPath(`data/${data}.safetensors.gz`))).get('eval.images')!
    const expected = (await readTensors(goldenPath(`cases/ckpt_${method}.safetensors.gz`))).get(
      'epoch3.eval.logits',
    )!
    const { clip, runtime } = model
    const classifier = await promptedClassifier(
      { clip, runtime, classNames: prompts.classNames },
      { method: configure(prompts, clip), parameters: prompts.parameters },
    )
    const logits = await classifyAll(classifier, images)
    await classifier.release()
    const largest = Math.max(...expected.data.map((value, i) => Math.abs(value - logits.data[i]!)))
    expect(largest).toBeLessThan(1e-4)
  })

  it('comes back from what is exported, under the keys of the reference', async () => {
    const prompts = await read(method)
    const out = join(folder, `exported-${method}`)
    const file = await exportCheckpoint(out, prompts, model.clip, 7)
    expect(file).toBe(join(out, learners[method]!, 'model.pth.tar-7'))
    expect(readFileSync(join(out, learners[method]!, 'checkpoint'), 'utf8')).toBe('model.pth.tar-7')

    const original = await openTorch(await findCheckpoint(outputOf(method)))
    const written = await openTorch(file)
    expect(written.extra).toMatchObject({ epoch: 7, optimizer: null, scheduler: null, val_result: null })
    for (const [key, entry] of written.entries) {
      expect(original.entries.get(key)?.shape, key).toEqual(entry.shape)
      expect(await entry.read(), key).toEqual(await original.entries.get(key)!.read())
    }
    await original.close()
    await written.close()

    const again = await importCheckpoint({ checkpoint: out, model, classNames: prompts.classNames })
    expect(again.parameters).toEqual(prompts.parameters)
  })
})

describe('a checkpoint', () => {
  it('of half precision on a GPU is widened', async () => {
    const path = 'coop_fp16_cuda/prompt_learner/model.pth.tar-3'
    const checkpoint = extractGolden(`checkpoints/${path}`, folder, path)
    const [half, full] = [await read('coop', { checkpoint }), await read('coop')]
    const name = 'prompt_learner.ctx'
    const distance = half.parameters.get(name)!.map((x, i) => Math.abs(x - full.parameters.get(name)![i]!))
    expect(Math.max(...distance)).toBeLessThan(1e-3)
    expect(half.classNames).toEqual(full.classNames)
  })

  it('of several GPUs, whose names begin with module, is read as one of a single GPU', async () => {
    const file = await openTorch(await findCheckpoint(outputOf('ivlp')))
    const stateDict = new Map<string, HostTensor>()
    for (const [name, entry] of file.entries)
      stateDict.set(`module.${name}`, { shape: entry.shape, data: await entry.read() })
    await file.close()
    const checkpoint = join(folder, 'several.pth')
    await writeTorchCheckpoint(checkpoint, { stateDict, epoch: 3 })
    const [several, single] = [await read('ivlp', { checkpoint }), await read('ivlp')]
    expect(several.parameters).toEqual(single.parameters)
    expect(several.classNames).toEqual(single.classNames)
  })

  it('of another depth or context length is refused with both shapes, before anything is written', async () => {
    await expect(read('maple', { methodOptions: { context: 3 } })).rejects.toThrow(
      /prompt_learner\.ctx has shape \[2, 64\].*needs \[3, 64\]/,
    )
    await expect(read('ivlp', { methodOptions: { visionContext: 5 } })).rejects.toThrow(
      /image_encoder\.VPT has shape \[\d, 128\].*needs \[5, 128\]/,
    )
    await expect(read('ivlp', { methodOptions: { textDepth: 8 } })).rejects.toThrow(/textDepth: found 8/)
    await expect(read('maple', { methodOptions: { depth: 1 } })).rejects.toThrow(
      /compound_prompts_text\.0 has shape \[2, 64\].*no such prompt/,
    )
    await expect(read('coop', { classNames: ['one', 'two'] })).rejects.toThrow(
      /ctx has shape \[6, 4, 64\].*needs \[2, 4, 64\]/,
    )
  })

  it('of another backbone is refused with both shapes', async () => {
    const tiny = await loadModel('tiny', { threads: 1 })
    try {
      await expect(read('ivlp', { model: tiny })).rejects.toThrow(
        /prompt_learner\.ctx has shape \[4, 64\].*on tiny needs \[4, 128\]/,
      )
    } finally {
      await tiny.close()
    }
  })

  it('of another method than named is refused; IVLP may be called PromptSRC, whose teacher may be left out', async () => {
    await expect(read('maple', { method: 'coop' })).rejects.toThrow(
      /--method coop: .* holds prompts of maple/,
    )
    expect((await read('ivlp', { method: 'promptsrc' })).method.name).toBe('promptsrc')
  })

  it('that is cut off or holds no prompts is refused', async () => {
    const path = 'cut/prompt_learner/model.pth.tar-3'
    const checkpoint = extractGolden('checkpoints/coop/prompt_learner/model.pth.tar-3', folder, path)
    truncateSync(checkpoint, 9000)
    await expect(read('coop', { checkpoint })).rejects.toThrow(/model\.pth\.tar-3/)
    const weights = extractGolden('containers/vitB_state_dict.pt', folder)
    await expect(read('coop', { checkpoint: weights })).rejects.toThrow(/holds no context vectors/)
  })

  it('is found by epoch, and asked for by another one names those there are', async () => {
    const output = outputOf('coop')
    expect(await findCheckpoint(output)).toBe(join(output, 'prompt_learner/model.pth.tar-3'))
    await expect(findCheckpoint(output, 5)).rejects.toMatchObject({ hint: 'There is epoch 3.' })
    await expect(findCheckpoint(join(folder, 'nowhere'))).rejects.toThrow(/no checkpoint at/)
    mkdirSync(join(folder, 'empty'), { recursive: true })
    await expect(findCheckpoint(join(folder, 'empty'))).rejects.toThrow(/holds no checkpoint/)
  })
})

describe('recognising a checkpoint', () => {
  const dictOf = (shapes: Record<string, number[]>) => ({
    source: 'file',
    close: async () => {},
    entries: new Map(Object.entries(shapes).map(([name, shape]) => [name, { name, shape } as never])),
  })

  it('tells PromptSRC by its teacher, and counts prompts of both towers', () => {
    const shapes = {
      'prompt_learner.ctx': [4, 512],
      'prompt_learner.ZS_image_encoder.proj': [768, 512],
      'image_encoder.VPT': [2, 768],
      'image_encoder.transformer.resblocks.1.VPT_shallow': [2, 768],
      'text_encoder.transformer.resblocks.1.VPT_shallow': [4, 512],
      'text_encoder.transformer.resblocks.2.VPT_shallow': [4, 512],
    }
    expect(recognise(dictOf(shapes))).toEqual({
      method: 'promptsrc',
      options: { textContext: 4, textDepth: 3, visionContext: 2, visionDepth: 2 },
    })
  })

  it('tells class-specific contexts by their axes', () => {
    expect(recognise(dictOf({ ctx: [10, 16, 512] })).options).toMatchObject({
      context: 16,
      classSpecific: true,
    })
    expect(recognise(dictOf({ ctx: [16, 512] })).options).toMatchObject({ context: 16, classSpecific: false })
  })

  it('takes a text-only IVLP for what it is', () => {
    const shapes = { 'prompt_learner.ctx': [4, 512], 'text_encoder.text_projection': [512, 512] }
    expect(recognise(dictOf(shapes))).toEqual({
      method: 'ivlp',
      options: { textContext: 4, textDepth: 1, visionDepth: 0 },
    })
  })
})
