import { createHash } from 'node:crypto'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { StaticServer } from '../../../test/support/static-server.js'
import { WeightsError } from '../../core/errors.js'
import { readBytes } from '../../core/weights/byte-source.js'
import type { LoadProgress } from '../url-source.js'
import { type FileStore, memoryFiles } from './file-store.js'
import { keptSize, keptSource } from './kept-source.js'

const bytes = Uint8Array.from({ length: 10_000 }, (_, i) => (i * 7919) % 251)
const sha256 = createHash('sha256').update(bytes).digest('hex')
const blockBytes = 4096

let server: StaticServer
let url: string
let store: FileStore
beforeEach(async () => {
  server = await StaticServer.start({ files: { '/weights': bytes } })
  url = `${server.origin}/weights`
  store = memoryFiles()
})
afterEach(() => server.close())

const open = (options = {}) => keptSource(store, 'weights', url, { blockBytes, ...options })
const ranges = () => server.seen.map(({ range }) => range)
/** Stops the download after so many requests. */
const stoppingAfter = (requests: number): typeof fetch => {
  let left = requests
  return (...request) =>
    left-- > 0 ? fetch(...request) : Promise.reject(new DOMException('stopped', 'AbortError'))
}
const broken = async () => {
  const stop = new AbortController()
  const fetchSome = stoppingAfter(2)
  const options = {
    signal: stop.signal,
    fetch: (async (...request) =>
      fetchSome(...request).catch((error) => {
        stop.abort(error)
        throw error
      })) satisfies typeof fetch,
  }
  await expect(open(options)).rejects.toThrow('stopped')
  server.seen.length = 0
}

describe('a file that is kept', () => {
  it('is downloaded in blocks, with its hash, and asked for no more', async () => {
    const events: LoadProgress[] = []
    const source = await open({ onProgress: (event: LoadProgress) => events.push(event) })
    expect(source.sha256).toBe(sha256)
    expect(ranges()).toEqual(['bytes=0-4095', 'bytes=4096-8191', 'bytes=8192-9999'])
    expect(events.map(({ loaded }) => loaded)).toEqual([4096, 8192, 10_000, 10_000])
    expect(await keptSize(store, 'weights')).toEqual({ url, bytes: 10_000, whole: true })
    await server.close()
    const again = await open()
    expect(await readBytes(again, 4000, 5000)).toEqual(bytes.slice(4000, 9000))
    expect(again.sha256).toBe(sha256)
    server = await StaticServer.start({})
  })

  it('goes on where its download was broken off', async () => {
    await broken()
    expect(await keptSize(store, 'weights')).toEqual({ url, bytes: 8192, whole: false })
    const source = await open()
    expect(ranges()).toEqual(['bytes=8192-9999'])
    expect(source.sha256).toBe(sha256)
    expect(await readBytes(source, 0, 10_000)).toEqual(bytes)
  })

  it.each([9000, 5000])('begins anew where the server has another one of %i bytes since', async (size) => {
    await broken()
    const other = bytes.map((byte) => byte ^ 1).slice(0, size)
    server.files.set('/weights', other)
    expect(await readBytes(await open(), 0, size)).toEqual(other)
  })

  it.each([
    ['damaged', async () => store.write('weights/00001', bytes.slice(0, 4096))],
    ['missing', async () => store.remove('weights/00001')],
    ['cut short', async () => store.write('weights/00001', bytes.slice(4096, 5000))],
  ])('has a block that is %s fetched again when it is read', async (_, damage) => {
    await open()
    await damage()
    server.seen.length = 0
    const source = await open()
    expect(await readBytes(source, 0, 4000)).toEqual(bytes.slice(0, 4000))
    expect(ranges()).toEqual([])
    expect(await readBytes(source, 0, 10_000)).toEqual(bytes)
    expect(ranges()).toEqual(['bytes=4096-8191'])
    expect(await readBytes(await open(), 0, 10_000)).toEqual(bytes)
    expect(ranges()).toHaveLength(1)
  })

  it('says so where a damaged block cannot be fetched, or is another one by now', async () => {
    await open()
    await store.write('weights/00001', 'x')
    server.habits.fail = { status: 404, times: 1 }
    await expect(readBytes(await open(), 5000, 10)).rejects.toThrow(
      /the kept copy of \S+ is damaged, and what is missing cannot be fetched: .*404/,
    )
    server.files.set('/weights', new Uint8Array(10_000))
    await expect(readBytes(await open(), 5000, 10)).rejects.toThrow(/the server has another file by now/)
    expect(await readBytes(await open(), 5000, 10)).toEqual(new Uint8Array(10))
  })

  it('comes in one go from a server without ranges', async () => {
    server.habits.ignoreRange = true
    const source = await open()
    expect(source.sha256).toBe(sha256)
    expect(await readBytes(source, 4000, 6000)).toEqual(bytes.slice(4000))
    expect(server.seen).toHaveLength(1)
    await open()
    expect(server.seen).toHaveLength(1)
  })

  it('is refused and forgotten where its hash is not the one that was asked for', async () => {
    const error = await open({ sha256: '0'.repeat(64) }).catch((cause: unknown) => cause)
    expect(error).toBeInstanceOf(WeightsError)
    expect(String(error)).toContain(`has the SHA-256 ${sha256}, expected 000`)
    expect(await store.list()).toEqual([])
    expect((await open({ sha256 })).sha256).toBe(sha256)
  })

  it('is downloaded anew where what says of it is damaged, or it comes from elsewhere', async () => {
    await open()
    await store.write('weights.kept.json', '{"size": 10')
    expect(await readBytes(await open(), 0, 10_000)).toEqual(bytes)
    server.files.set('/other', bytes.slice(1))
    const other = await keptSource(store, 'weights', `${server.origin}/other`, { blockBytes })
    expect(await readBytes(other, 0, 9999)).toEqual(bytes.slice(1))
  })
})
