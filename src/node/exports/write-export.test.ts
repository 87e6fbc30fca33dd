import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type ExportFile, jsonFile, textFile } from '../../core/export/exporter.js'
import { MANIFEST } from '../../core/export/manifest.js'
import { writeExport } from './write-export.js'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'promptsrc-write-export-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

/** A file that is written when it is told to go on. */
function held() {
  let goOn = () => {}
  const told = new Promise<void>((resolve) => {
    goOn = resolve
  })
  let begun = () => {}
  const hasBegun = new Promise<void>((resolve) => {
    begun = resolve
  })
  const file: ExportFile = {
    path: 'model.onnx',
    size: 3,
    async *chunks() {
      begun()
      await told
      yield new TextEncoder().encode('abc')
    },
  }
  return { file, goOn, hasBegun }
}

const manifest = jsonFile(MANIFEST, {
  promptsrcExport: 1,
  format: 'onnx',
  method: 'x',
  model: { name: 'tiny', sha256: '0'.repeat(64) },
  classes: ['a'],
  models: { 'model.onnx': 3 },
  files: ['model.onnx', 'README.md'],
})

it('of two calls to one folder the second is refused while the first writes', async () => {
  const out = join(folder, 'twice')
  const { file, goOn, hasBegun } = held()
  const first = writeExport(out, [file, textFile('README.md', 'first'), manifest])
  await hasBegun
  await expect(writeExport(out, [textFile('README.md', 'second'), manifest])).rejects.toThrow(
    `${out} is being written already, by process ${process.pid}`,
  )
  goOn()
  await first
  expect(await readFile(join(out, 'README.md'), 'utf8')).toBe('first')
  expect(await readdir(folder)).toEqual(['twice'])
  await writeExport(out, [textFile('README.md', 'third'), manifest], { overwrite: true })
  expect(await readFile(join(out, 'README.md'), 'utf8')).toBe('third')
})

it('a call that is taken back, or fails, leaves the earlier export and nothing else', async () => {
  const out = join(folder, 'kept')
  await writeExport(out, [textFile('README.md', 'earlier'), manifest])
  const before = await readdir(folder)
  const stop = new AbortController()
  const { file, goOn, hasBegun } = held()
  const stopped = writeExport(out, [file, manifest], { overwrite: true, signal: stop.signal })
  await hasBegun
  stop.abort(new Error('enough'))
  goOn()
  await expect(stopped).rejects.toThrow('enough')
  const failing: ExportFile = {
    ...file,
    // biome-ignore lint/correctness/useYield: it fails before it has anything
    async *chunks() {
      throw new Error('no weights')
    },
  }
  await expect(writeExport(out, [failing, manifest], { overwrite: true })).rejects.toThrow('no weights')
  expect(await readFile(join(out, 'README.md'), 'utf8')).toBe('earlier')
  expect(await readdir(folder)).toEqual(before)
})
