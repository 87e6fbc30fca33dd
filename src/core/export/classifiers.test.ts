import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { randomTensor } from '../../../test/support/finite-differences.js'
import { learnedClasses, learnedRun } from '../../../test/support/learned-run.js'
import { bytesOfStream, runModel } from '../../../test/support/model-bytes.js'
import { loadModel } from '../../node/model.js'
import { createClassifier } from '../evaluate/create-classifier.js'
import { gemm, input, l2Normalize, mul } from '../graph/index.js'
import { modelFiles } from '../graph/model-file.js'
import { OpenSizes } from '../graph/open-sizes.js'
import { methods } from '../methods/registry.js'
import type { Model } from '../model.js'
import { exportClassifier } from './exporters.js'
import { fixedClasses } from './fixed-classes.js'
import { readManifest } from './manifest.js'
import { openVocabulary } from './open-vocabulary.js'
import { chosenModels, exportedClassifier } from './opened-export.js'

let model: Model
beforeAll(async () => {
  model = await loadModel('tiny', { threads: 1 })
})
afterAll(() => model.close())

const small: Record<string, Record<string, unknown>> = {
  proda: { prompts: 8, context: 4 },
  coop: { context: 4 },
}
const relative = (found: Float32Array, expected: Float32Array) =>
  Math.max(...found.map((x, i) => Math.abs(x - expected[i]!))) / Math.max(...expected.map(Math.abs))

describe.each(Object.keys(methods))('%s', (name) => {
  it('gives the logits of the classifier as one graph, for any number of images', async () => {
    const run = await learnedRun(model, name, small[name])
    const classifier = await createClassifier(run, { addClasses: ['white cross'] })
    const images = randomTensor('images', [3, 3, 48, 48]).data
    const expected = await classifier.classify(images)
    await classifier.release()
    const sizes = new OpenSizes('batch')
    const classes = await fixedClasses(run, { addClasses: ['white cross'] })
    expect(classes.classNames).toEqual([...learnedClasses, 'white cross'])
    const pixels = input('pixel_values', [sizes.size('batch'), 3, 48, 48])
    const files = await modelFiles(
      { logits: classes.logits(pixels) },
      { name: 'model.onnx', sizes, inputs: [pixels] },
    )
    const bytes = await bytesOfStream(files.get('model.onnx')!)
    const { logits } = await runModel(bytes, { pixel_values: { shape: [3, 3, 48, 48], data: images } })
    expect(logits!.shape).toEqual([3, 6])
    expect(relative(logits!.data, expected.logits)).toBeLessThan(1e-5)
  })
})

it.each([
  ['cocoop', 'every image makes texts of its own'],
  ['tcp', 'every class has states of its own, made by the frozen model'],
  ['2sfs', 'trained classes have weights of their own'],
  ['mmrlpp', 'their logits are more than the product of a feature of the image and one of the text'],
  ['tip-adapter', 'it keeps features of the training images for them'],
  ['tip-adapter-f', 'it keeps features of the training images for them'],
  ['gda', 'it keeps features of the training images for them'],
])('%s knows its own classes alone: %s', async (name, reason) => {
  const run = await learnedRun(model, name)
  expect(() => openVocabulary(run)).toThrow(`knows no other classes than its own by two towers: ${reason}`)
})

describe.each([
  'promptsrc',
  'ivlp',
  'maple',
  'coop',
  'kgcoop',
  'proda',
  'protext',
  'fine-tune',
  'bitfit',
  'clip-lora',
  'skip-tuning',
  'prolip',
  'coop middle',
  'coop front',
])('%s', (name) => {
  it('gives the logits of the classifier by two towers, for any class names', async () => {
    const [method, classPosition] = name.split(' ') as [string, string?]
    const run = await learnedRun(model, method, {
      ...small[method],
      ...(classPosition ? { classPosition } : {}),
    })
    const classNames = ['a white cross', 'ring', 'red square in the middle']
    const classifier = await createClassifier(run, { classNames })
    const images = randomTensor('images', [2, 3, 48, 48]).data
    const expected = await classifier.classify(images)
    await classifier.release()
    const sizes = new OpenSizes('images', 'texts', 'tokens')
    const towers = openVocabulary(run)
    const ids = input('input_ids', [sizes.size('texts'), sizes.size('tokens')], 'int64')
    const pixels = input('pixel_values', [sizes.size('images'), 3, 48, 48])
    const features = towers.text(ids)
    const logits = mul(
      gemm(l2Normalize(towers.image(pixels)), towers.isSet ? features : l2Normalize(features), {
        transB: true,
      }),
      towers.logitScale,
    )
    const files = await modelFiles({ logits }, { name: 'model.onnx', sizes, inputs: [ids, pixels] })
    const tokens = classNames.map((text) =>
      model.clip.tokenizer.tokenize(towers.template.replace('{}', text)),
    )
    const length = Math.max(...tokens.map((row) => row.length)) + 2
    const found = await runModel(await bytesOfStream(files.get('model.onnx')!), {
      pixel_values: { shape: [2, 3, 48, 48], data: images },
      input_ids: {
        shape: [3, length],
        data: BigInt64Array.from(
          tokens.flatMap((row) => [
            ...row,
            ...Array(length - row.length).fill(model.clip.tokenizer.endToken),
          ]),
          BigInt,
        ),
      },
    })
    expect(relative(found.logits!.data, expected.logits)).toBeLessThan(1e-5)
  })
})

describe('a run that tells clips apart', () => {
  let clips: Model
  beforeAll(async () => {
    clips = await loadModel('tiny', { threads: 1, frames: 4 })
  })
  afterAll(() => clips.close())

  it.each(['transformers-js', 'transformers-js-open'])(
    'is refused as %s, which takes pictures',
    async (format) => {
      const run = await learnedRun(clips, 'promptsrc')
      await expect(exportClassifier(run, format)).rejects.toThrow(
        `the run tells clips of 4 frames apart; ${format} takes pictures`,
      )
    },
  )

  it('is exported as onnx, which takes their frames one behind the other', async () => {
    const run = await learnedRun(clips, 'promptsrc')
    const files = await exportClassifier(run, 'onnx', { precisions: ['fp32'] })
    const bytes = async (path: string) => bytesOfStream(files.find((file) => file.path === path)!)
    const manifest = readManifest('m', new TextDecoder().decode(await bytes('promptsrc.json')))
    expect(manifest.preprocessing).toMatchObject({ size: 48, frames: 4 })
    const images = randomTensor('clips', [3, 12, 48, 48]).data
    await using classifier = await createClassifier(run)
    const expected = await classifier.classify(images)
    const { logits } = await runModel(await bytes('onnx/classifier.onnx'), {
      pixel_values: { shape: [3, 12, 48, 48], data: images },
    })
    expect(relative(logits!.data, expected.logits)).toBeLessThan(1e-5)

    const models = chosenModels('m', manifest, ['fp32'])
    const read = async (path: string) => (await bytes(path)).slice()
    const opened = await exportedClassifier({ name: 'm', read }, manifest, models, clips.runtime)
    const encoder = await opened.encoder(3)
    const classes = await opened.classes(learnedClasses, 3)
    expect(relative(await classes.logits(await encoder.encode(images)), expected.logits)).toBeLessThan(1e-5)
    await opened.release()
  })
})
