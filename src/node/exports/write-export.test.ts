import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeEach, expect, it } from 'vitest'
import { type ExportFile, jsonFile, textFile } from '../../core/export/exporter.js'
import { writeExport } from './write-export.js'

let parent: string
const parents: string[] = []
beforeEach(async () => {
  parent = await mkdtemp(join(tmpdir(), 'promptsrc-write-export-'))
  parents.push(parent)
})
afterAll(() => Promise.all(parents.map((folder) => rm(folder, { recursive: true }))))

/** An export of two files and its manifest. */
function exportOf(text: string): ExportFile[] {
  const files = [textFile('README.md', text), textFile('onnx/model.onnx', 'weights')]
  const manifest = {
    promptsrcExport: 1,
    format: 'onnx',
    method: 'coop',
    model: { name: 'tiny', sha256: 'ab' },
    classes: ['a', 'b'],
    models: { 'onnx/model.onnx': 7 },
    files: files.map(({ path }) => path),
  }
  return [...files, jsonFile('promptsrc.json', manifest)]
}

const broken = (error: Error): ExportFile => ({
  path: 'onnx/broken.onnx',
  size: 20,
  async *chunks() {
    yield new Uint8Array(10)
    throw error
  },
})

const readme = () => readFile(join(parent, 'out/README.md'), 'utf8')

it('an export is there whole, and nothing beside it', async () => {
  const seen: number[] = []
  await writeExport(join(parent, 'out'), exportOf('one'), {
    onProgress: (written, total) => seen.push(written / total),
  })
  expect(await readdir(parent)).toEqual(['out'])
  expect((await readdir(join(parent, 'out'), { recursive: true })).sort()).toEqual([
    'README.md',
    'onnx',
    'onnx/model.onnx',
    'promptsrc.json',
  ])
  expect(seen.at(-1)).toBe(1)
})

it('one that cannot be finished leaves nothing, or the earlier one', async () => {
  const out = join(parent, 'out')
  const full = Object.assign(new Error('write failed'), { code: 'ENOSPC' })
  await expect(writeExport(out, [...exportOf('one'), broken(full)])).rejects.toThrow(
    `cannot write ${out}: the disk is full`,
  )
  expect(await readdir(parent)).toEqual([])
  await writeExport(out, exportOf('one'))
  const stopped = AbortSignal.abort(new Error('stopped'))
  await expect(writeExport(out, exportOf('two'), { overwrite: true, signal: stopped })).rejects.toThrow(
    'stopped',
  )
  await expect(
    writeExport(out, [...exportOf('two'), broken(new Error('no such tensor'))], { overwrite: true }),
  ).rejects.toThrow('no such tensor')
  expect(await readdir(parent)).toEqual(['out'])
  expect(await readme()).toBe('one')
})

it('an earlier export is replaced where that is asked for, and only where nothing else is in its folder', async () => {
  const out = join(parent, 'out')
  await writeExport(out, exportOf('one'))
  await expect(writeExport(out, exportOf('two'))).rejects.toThrow(`${out} holds an export already`)
  await writeFile(join(out, 'index.html'), 'a page')
  await expect(writeExport(out, exportOf('two'), { overwrite: true })).rejects.toThrow(
    `${out} holds an export and other files: index.html`,
  )
  await rm(join(out, 'index.html'))
  await writeExport(out, exportOf('two'), { overwrite: true })
  expect(await readdir(parent)).toEqual(['out'])
  expect(await readme()).toBe('two')
})

it('a folder of other files and a file are refused, an empty folder is taken', async () => {
  await mkdir(join(parent, 'photos'))
  await writeFile(join(parent, 'photos/me.jpg'), 'photo')
  await expect(writeExport(join(parent, 'photos'), exportOf('one'), { overwrite: true })).rejects.toThrow(
    /photos holds other files already: me\.jpg/,
  )
  await expect(writeExport(join(parent, 'photos/me.jpg'), exportOf('one'))).rejects.toThrow(
    /me\.jpg is a file; an export is a folder/,
  )
  await mkdir(join(parent, 'out'))
  await writeExport(join(parent, 'out'), exportOf('one'))
  expect(await readme()).toBe('one')
})
