import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { parse } from 'yaml'
import { loadModel } from '../../src/node/model.js'
import { savePrompts } from '../../src/node/runs/prompts-file.js'
import { expectRefused, promptsrc } from '../support/command.js'
import { learnedRun } from '../support/learned-run.js'
import { photoFolder } from '../support/photo-folder.js'
import { trainedRun } from '../support/trained-run.js'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'promptsrc-cli-export-'))
  await photoFolder(join(folder, 'photos'))
  await trainedRun(folder)
  const model = await loadModel('tiny', { threads: 1 })
  for (const [name, options] of [
    ['cocoop', {}],
    ['coop', { classSpecific: true, context: 4 }],
    ['prolip', {}],
    ['tcp', {}],
    ['tip-adapter', {}],
    ['gda', {}],
    ['2sfs', {}],
  ] as const) {
    const { prompts } = await learnedRun(model, name, options)
    await savePrompts(join(folder, `${name}.safetensors`), prompts, model.clip)
  }
  await model.close()
})
afterAll(() => rm(folder, { recursive: true, force: true }))

const exported = (run: string, format: string, out: string, ...options: string[]) =>
  promptsrc(folder, 'export', run, '--format', format, '--out', out, ...options)
const files = async (out: string) =>
  (await readdir(join(folder, out), { recursive: true, withFileTypes: true }))
    .filter((entry) => entry.isFile())
    .map(({ name }) => name)
    .sort()
const text = (path: string) => readFile(join(folder, path), 'utf8')

it('each format is a folder that says how it is used', async () => {
  const { code, stdout, stderr } = await exported('run', 'transformers-js', 'fixed')
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  expect(stdout).toMatch(/^folder {2}fixed, \d+\.\d MB; README\.md in it says how it is used\n$/)
  expect(await files('fixed')).toEqual([
    'README.md',
    'config.json',
    'model.onnx',
    'model_fp16.onnx',
    'model_quantized.onnx',
    'preprocessor_config.json',
    'promptsrc.json',
  ])
  const open = await exported('run', 'transformers-js-open', 'open', '--precision', 'q8', '--json')
  expect(JSON.parse(open.stdout)).toEqual({ file: 'open', bytes: expect.any(Number) })
  expect((await files('open')).filter((name) => name.endsWith('.onnx'))).toEqual([
    'model_quantized.onnx',
    'text_model_quantized.onnx',
    'vision_model_quantized.onnx',
  ])
  expect(await text('open/README.md')).toContain('const hypothesis_template = "a photo of a {}."')
  expect((await exported('prolip.safetensors', 'clip', 'plain')).code).toBe(0)
  expect(await readdir(join(folder, 'plain'))).toEqual([
    'README.md',
    'huggingface',
    'open_clip',
    'promptsrc.json',
  ])
})

it('the model card has the metadata of the Hub, the data and what was measured', async () => {
  const evaluated = await promptsrc(folder, 'eval', 'run', 'photos', '--threads', '1')
  expect(evaluated.code, evaluated.stderr).toBe(0)
  await exported('run', 'onnx', 'card', '--precision', 'fp32')
  const card = await text('card/README.md')
  const metadata = parse(card.split('---\n')[1]!)
  expect(metadata).toMatchObject({
    library_name: 'onnx',
    pipeline_tag: 'image-classification',
    license: 'mit',
  })
  expect(metadata['model-index'][0].results[0].metrics[0]).toEqual({
    type: 'accuracy',
    value: expect.any(Number),
  })
  expect(card).toContain('photos: 12 training images; 2 images a class were drawn, 2 epochs, seed 1.')
  expect(card).toContain('blue square, green square, red square, yellow square')
  const manifest = JSON.parse(await text('card/promptsrc.json'))
  expect(manifest).toMatchObject({
    promptsrcExport: 1,
    format: 'onnx',
    template: 'a photo of a {}.',
    preprocessing: { size: 48, interpolation: 'bicubic' },
  })
  expect([...manifest.files, 'promptsrc.json'].length).toBe((await files('card')).length)
})

it('a class can be added to the fixed ones', async () => {
  const { code } = await exported(
    'run',
    'transformers-js',
    'added',
    '--add-class',
    'a fox',
    '--precision',
    'q8',
  )
  expect(code).toBe(0)
  expect(Object.values(JSON.parse(await text('added/config.json')).id2label)).toEqual([
    'blue square',
    'green square',
    'red square',
    'yellow square',
    'a fox',
  ])
})

it.for([
  ['cocoop.safetensors', 'transformers-js-open', 'every image makes texts of its own'],
  ['coop.safetensors', 'transformers-js-open', 'every class has a context of its own'],
  ['tip-adapter.safetensors', 'transformers-js-open', 'it keeps features of the training images for them'],
  ['gda.safetensors', 'transformers-js-open', 'it keeps features of the training images for them'],
  ['2sfs.safetensors', 'transformers-js-open', 'trained classes have weights of their own'],
  ['tcp.safetensors', 'transformers-js-open', 'every class has states of its own'],
  ['run', 'clip', 'is no plain CLIP'],
] as const)(
  '%s as %s is refused with the reason before anything is written',
  async ([run, format, reason]) => {
    expectRefused(await exported(run, format, 'refused'), reason, 'Export')
    expect(await readdir(folder)).not.toContain('refused')
    expect((await readdir(folder)).filter((name) => name.startsWith('.'))).toEqual([])
  },
)

it('a folder with other things in it is left alone, an earlier export is replaced when asked', async () => {
  await mkdir(join(folder, 'mine'))
  await writeFile(join(folder, 'mine/photo.jpg'), 'photo')
  expectRefused(
    await exported('run', 'onnx', 'mine', '--overwrite'),
    'mine holds other files already: photo.jpg',
  )
  expect((await exported('run', 'onnx', 'twice', '--precision', 'q8')).code).toBe(0)
  expectRefused(await exported('run', 'onnx', 'twice'), 'twice holds an export already', '--overwrite')
  expect((await exported('run', 'transformers-js', 'twice', '--precision', 'fp16', '--overwrite')).code).toBe(
    0,
  )
  expect(await files('twice')).toContain('model_fp16.onnx')
  expect(await files('twice')).not.toContain('classifier_quantized.onnx')
})

it('an unknown precision or format is refused', async () => {
  expectRefused(
    await exported('run', 'onnx', 'x', '--precision', 'fp32,int4'),
    '"int4": Did you mean int8? There are fp32',
  )
  expectRefused(await exported('run', 'tflite', 'x'), 'tflite', 'transformers-js-open')
})
