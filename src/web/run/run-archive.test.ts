import { deflateRawSync } from 'node:zlib'
import { afterEach, describe, expect, it } from 'vitest'
import { StaticServer } from '../../../test/support/static-server.js'
import { zipOf } from '../../../test/support/zip-writer.js'
import { UserError } from '../../core/errors.js'
import { type FileStore, memoryFiles } from '../kept/file-store.js'
import { openRun, zipRun } from './run-archive.js'

const noise = Uint8Array.from({ length: 5000 }, (_, i) => (i * 7919) % 251)
const text = 'epoch '.repeat(500)
const run = memoryFiles([
  ['config.yaml', '{}'],
  ['log.jsonl', text],
  ['checkpoints/epoch-001.safetensors', noise],
])

async function contents(store: FileStore): Promise<Record<string, Buffer>> {
  const files = (await store.list()).sort()
  return Object.fromEntries(
    await Promise.all(
      files.map(async (file) => [file, Buffer.from(await (await store.read(file))!.arrayBuffer())] as const),
    ),
  )
}

const blob = (bytes: Uint8Array) => new Blob([bytes as Uint8Array<ArrayBuffer>])

let server: StaticServer | undefined
afterEach(() => server?.close())

describe('an archive of a run', () => {
  it('holds its files, whole, and the texts smaller', async () => {
    const zip = await zipRun(run, 'pets')
    expect(zip.size).toBeLessThan(noise.length + 800)
    expect(await contents(await openRun(zip))).toEqual(await contents(run))
  })

  it('may be packed by others: deflated, below folders, with files beside it', async () => {
    const config = Buffer.from('a: 1\n')
    const packed = (path: string, data: Buffer) => ({
      path,
      data: deflateRawSync(data),
      method: 8,
      size: data.length,
      crc: undefined as never,
    })
    const { crc32 } = await import('node:zlib')
    const archive = zipOf([
      { path: 'README', data: Buffer.from('x') },
      { ...packed('runs/pets/config.yaml', config), crc: crc32(config) },
      { path: 'runs/pets/prompts.safetensors', data: noise },
      { path: 'runs/pets/old/config.yaml', data: Buffer.from('b: 2\n') },
    ])
    expect(Object.keys(await contents(await openRun(blob(archive))))).toEqual([
      'config.yaml',
      'old/config.yaml',
      'prompts.safetensors',
    ])
    expect((await contents(await openRun(blob(archive))))['config.yaml']).toEqual(config)
  })

  it.each([
    ['no archive', async () => blob(noise), /is no zip archive, or a damaged one/],
    ['cut short', async () => (await zipRun(run)).slice(0, 3000), /is no zip archive, or a damaged one/],
    [
      'without a run',
      async () => blob(zipOf([{ path: 'a.txt', data: noise }])),
      /holds no run: neither config.yaml/,
    ],
    [
      'encrypted',
      async () => blob(zipOf([{ path: 'config.yaml', data: noise, flags: 1 }])),
      /config.yaml is encrypted/,
    ],
  ])('that is %s is refused', async (_, made, message) => {
    const error = await openRun(await made()).catch((cause: unknown) => cause)
    expect(error).toBeInstanceOf(UserError)
    expect((error as UserError).message).toMatch(message)
    expect((error as UserError).hint).toBeTruthy()
  })

  it.each([
    ['flipped', { path: 'config.yaml', data: noise, crc: 7 }],
    ['not what it is packed as', { path: 'config.yaml', data: noise, method: 8, size: 9000 }],
    ['more than is stated', { path: 'config.yaml', data: deflateRawSync(noise), method: 8, size: 100 }],
  ])('of which a file is %s says so when it is read', async (_, record) => {
    const opened = await openRun(blob(zipOf([record])))
    await expect(opened.read('config.yaml')).rejects.toThrow(/config.yaml is damaged/)
  })
})

it('a run is opened from a chosen folder and from a server, and written to neither', async () => {
  const file = (path: string, content: string) =>
    Object.defineProperty(new File([content], path.split('/').at(-1)!), 'webkitRelativePath', { value: path })
  const chosen = await openRun([
    file('pets/config.yaml', '{}'),
    file('pets/checkpoints/epoch-001.safetensors', 'x'),
  ])
  expect(chosen.name).toBe('pets')
  expect((await chosen.list()).sort()).toEqual(['checkpoints/epoch-001.safetensors', 'config.yaml'])

  server = await StaticServer.start({
    files: {
      '/pets/config.yaml': '{}',
      '/pets.zip': new Uint8Array(await (await zipRun(run)).arrayBuffer()),
    },
  })
  const served = await openRun(new URL('/pets', server.origin))
  expect(await (await served.read('config.yaml'))!.text()).toBe('{}')
  expect(await served.read('prompts.safetensors')).toBeUndefined()
  expect(await contents(await openRun(new URL('/pets.zip', server.origin)))).toEqual(await contents(run))
  for (const store of [chosen, served])
    await expect(store.write('a', 'b')).rejects.toThrow('cannot be written')
})
