import { execFile } from 'node:child_process'
import { mkdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { promisify } from 'node:util'
import sharp from 'sharp'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { ExportPrecision } from '../../src/core/export/exporter.js'
import type { Model } from '../../src/core/model.js'
import { loadModel } from '../../src/node/model.js'
import { learnedRun } from '../support/learned-run.js'
import { writtenExport } from '../support/written-export.js'

const root = resolve(import.meta.dirname, '../..')

let model: Model
beforeAll(async () => {
  model = await loadModel('tiny', { threads: 1 })
})
afterAll(() => model.close())

/** Runs the first code of a folder's README.md on a picture, and gives what it prints. */
async function firstCode(folder: string): Promise<string> {
  const place = join(dirname(folder), 'reader')
  await mkdir(place)
  await symlink(join(root, 'node_modules'), join(place, 'node_modules'))
  await sharp({ create: { width: 80, height: 60, channels: 3, background: '#d01818' } })
    .jpeg()
    .toFile(join(place, 'photo.jpg'))
  const [, code] = /```js\n([\s\S]*?)```/.exec(await readFile(join(folder, 'README.md'), 'utf8'))!
  await writeFile(join(place, 'code.mjs'), code!.replace('PATH/OF/THIS/FOLDER', folder))
  const { stdout } = await promisify(execFile)(process.execPath, ['code.mjs'], { cwd: place })
  return stdout
}

it.for<[string, ExportPrecision[] | undefined, RegExp]>([
  ['transformers-js', undefined, /label: 'red square'/],
  ['transformers-js', ['q8'], /label: 'red square'/],
  ['transformers-js-open', ['fp16', 'int8'], /label: 'red bicycle'/],
])('the code of the README.md of %s in %s runs as it stands', async ([format, precisions, answer]) => {
  const folder = await writtenExport(await learnedRun(model, 'promptsrc'), format, { precisions })
  expect(await firstCode(folder)).toMatch(answer)
  await rm(dirname(folder), { recursive: true })
})

it('the README.md of onnx names models that are there', async () => {
  const folder = await writtenExport(await learnedRun(model, 'promptsrc'), 'onnx', { precisions: ['q8'] })
  const readme = await readFile(join(folder, 'README.md'), 'utf8')
  const named = [...readme.matchAll(/onnx\/\w+\.onnx/g)].map(([path]) => path)
  expect(new Set(named)).toEqual(
    new Set(
      ['classifier', 'model', 'text_model', 'vision_model'].map((name) => `onnx/${name}_quantized.onnx`),
    ),
  )
  expect(readme).toContain('All compute in float32. Weights are kept as 8-bit integers')
  await rm(dirname(folder), { recursive: true })
})
