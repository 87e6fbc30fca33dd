import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { gunzipSync, gzipSync } from 'node:zlib'
import { afterAll, beforeEach, describe, expect, it } from 'vitest'
import { ImageFolder } from '../data/image-folder.js'
import type { Listing } from '../data/listing.js'
import { type ClassFolders, listClassFolders } from './class-folders.js'

const base = mkdtempSync(join(tmpdir(), 'class-folders-'))
let root: string
let indexFolder: string
let count = 0
let readings: string[] = []
const folders = ['n01', 'n02', 'n03']
const longAgo = new Date('2020-01-01T00:00:00Z')

beforeEach(() => {
  root = join(base, `data${count}`)
  indexFolder = join(base, `index${count++}`)
  readings = []
  for (const folder of folders) mkdirSync(join(root, folder), { recursive: true })
  for (const folder of folders) utimesSync(join(root, folder), longAgo, longAgo)
})
afterAll(() => rmSync(base, { recursive: true }))

/** Class folders that seem to hold ten thousand images each. */
const reader = async (path: string): Promise<Listing> => {
  readings.push(basename(path))
  if (path === root) return { folders, images: [], others: [] }
  const images = Array.from({ length: 10_000 }, (_, i) => `${basename(path)}_${i}.JPEG`)
  return { folders: [], images, others: ['notes.txt'] }
}
const list = (): Promise<ClassFolders> => listClassFolders(new ImageFolder(root), { indexFolder, reader })
const indexFile = () => join(indexFolder, readdirSync(indexFolder)[0]!)

describe('listClassFolders', () => {
  it('reads large folders once and knows them from then on', async () => {
    const first = await list()
    expect(readings).toEqual([basename(root), ...folders])
    readings = []
    expect(await list()).toEqual(first)
    expect(readings).toEqual([basename(root)])
    expect(first.classes.map(({ images }) => images.length)).toEqual([10_000, 10_000, 10_000])
    expect(first.warnings[0]!.message).toMatch(/3 files of other types/)
  })

  it('reads the folders again when one of them was changed', async () => {
    await list()
    utimesSync(join(root, 'n02'), longAgo, new Date('2020-01-01T00:00:01Z'))
    readings = []
    await list()
    expect(readings).toEqual([basename(root), ...folders])
  })

  it.each<[string, () => void]>([
    ['is cut off', () => truncateSync(indexFile(), 200)],
    ['is no gzip file', () => writeFileSync(indexFile(), 'index')],
    ['is of another format', () => change((text) => text.replace('"format":1', '"format":2'))],
    ['lacks a name', () => change((text) => text.slice(0, text.lastIndexOf('\n')))],
    ['has a name too many', () => change((text) => `${text}\nx.JPEG`)],
    ['has a path for a name', () => change((text) => text.replace('n02_7.JPEG', '../n02.JPEG'))],
    ['is of another folder', () => change((text) => text.replace(/"path":"[^"]*"/, '"path":"/data"'))],
  ])('reads the folders again when the index %s, and mends it', async (_, damage) => {
    const first = await list()
    damage()
    readings = []
    expect(await list()).toEqual(first)
    expect(readings).toHaveLength(4)
    readings = []
    await list()
    expect(readings).toHaveLength(1)
  })

  it('keeps no index of folders that were changed a moment ago', async () => {
    const now = new Date()
    utimesSync(join(root, 'n01'), now, now)
    await list()
    expect(existsSync(indexFolder)).toBe(false)
  })

  it('works where no index can be written', async () => {
    writeFileSync(indexFolder, 'a file')
    expect((await list()).classes).toHaveLength(3)
    expect(readFileSync(indexFolder, 'utf8')).toBe('a file')
  })

  it('keeps no index of small data sets', async () => {
    for (const folder of folders) writeFileSync(join(root, folder, '1.jpg'), '')
    for (const folder of folders) utimesSync(join(root, folder), longAgo, longAgo)
    await listClassFolders(new ImageFolder(root), { indexFolder })
    expect(existsSync(indexFolder)).toBe(false)
  })

  it('tells how many folders it has read, and stops when told to', async () => {
    const told: [number, number][] = []
    const controller = new AbortController()
    const listing = listClassFolders(new ImageFolder(root), {
      reader,
      signal: controller.signal,
      onScan(read, total) {
        told.push([read, total])
        if (read === 2) controller.abort(new Error('enough'))
      },
    })
    await expect(listing).rejects.toThrow('enough')
    expect(told).toEqual([
      [1, 3],
      [2, 3],
    ])
  })
})

function change(edit: (text: string) => string): void {
  const text = gunzipSync(readFileSync(indexFile())).toString()
  const changed = edit(text)
  expect(changed).not.toBe(text)
  writeFileSync(indexFile(), gzipSync(changed))
}
