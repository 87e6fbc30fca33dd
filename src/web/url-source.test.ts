import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { StaticServer } from '../../test/support/static-server.js'
import { WeightsError } from '../core/errors.js'
import { readBytes } from '../core/weights/byte-source.js'
import { type LoadProgress, urlSource } from './url-source.js'

const bytes = Uint8Array.from({ length: 10_000 }, (_, i) => (i * 7919) % 251)
const blockBytes = 1024

let server: StaticServer
let url: string
beforeEach(async () => {
  server = await StaticServer.start({ files: { '/weights': bytes, '/empty': new Uint8Array(0) } })
  url = `${server.origin}/weights`
})
afterEach(() => server.close())

const ranges = () => server.seen.map(({ range }) => range)

describe('urlSource', () => {
  it('asks for what is read alone, each block once, neighbours in one request', async () => {
    const source = await urlSource(url, { blockBytes })
    expect(source.size).toBe(bytes.length)
    expect(await readBytes(source, 10, 100)).toEqual(bytes.slice(10, 110))
    expect(ranges()).toEqual(['bytes=0-1023'])
    expect(await readBytes(source, 3000, 3000)).toEqual(bytes.slice(3000, 6000))
    expect(await readBytes(source, 4000, 1000)).toEqual(bytes.slice(4000, 5000))
    expect(await readBytes(source, 500, 9500)).toEqual(bytes.slice(500))
    expect(ranges()).toEqual(['bytes=0-1023', 'bytes=2048-6143', 'bytes=1024-2047', 'bytes=6144-9999'])
  })

  it('asks once where the same is read several times at the same time', async () => {
    const source = await urlSource(url, { blockBytes })
    const reads = await Promise.all([1, 2, 3].map(() => readBytes(source, 2000, 4000)))
    for (const read of reads) expect(read).toEqual(bytes.slice(2000, 6000))
    expect(ranges()).toHaveLength(2)
  })

  it('takes the whole file, with progress, from a server without ranges', async () => {
    server.habits.ignoreRange = true
    const events: LoadProgress[] = []
    const source = await urlSource(url, { blockBytes, onProgress: (event) => events.push(event) })
    expect(await readBytes(source, 0, bytes.length)).toEqual(bytes)
    expect(server.seen).toHaveLength(1)
    expect(events.at(-1)).toEqual({ url, loaded: bytes.length, total: bytes.length })
  })

  it('learns a size that ranges hide by asking for it', async () => {
    const fetchWithout: typeof fetch = async (input, init) => {
      const response = await fetch(input, init)
      const headers = new Headers(response.headers)
      headers.delete('content-range')
      return new Response(init?.method === 'HEAD' ? null : response.body, {
        status: response.status,
        headers,
      })
    }
    const source = await urlSource(url, { blockBytes, fetch: fetchWithout })
    expect(await readBytes(source, 5000, 2000)).toEqual(bytes.slice(5000, 7000))
    expect(server.seen.map(({ method }) => method)).toEqual(['GET', 'HEAD', 'GET'])
  })

  it('tries again where the server is busy or the connection breaks', async () => {
    const source = await urlSource(url, { blockBytes })
    server.habits.fail = { status: 503, times: 2 }
    expect(await readBytes(source, 5000, 10)).toEqual(bytes.slice(5000, 5010))
    server.habits.cut = { after: 100, times: 1 }
    await expect(readBytes(source, 9000, 10)).rejects.toThrow(/cannot be fetched|ends before/)
    expect(await readBytes(source, 9000, 10)).toEqual(bytes.slice(9000, 9010))
  })

  it.each([
    ['absent', {}, /absent: the server answered 404.*expected the file/, /Check the address/],
    [
      'absent',
      { fallback: '<html>' },
      /absent: the server answered a web page, expected/,
      /Check the address/,
    ],
    ['weights', { fail: { status: 403, times: 1 } }, /answered 403/, /not public/],
    ['empty', {}, /empty: is empty/, undefined],
  ])('names the address of %s, the answer and the next step: %o', async (path, habits, message, hint) => {
    Object.assign(server.habits, habits)
    const error = await urlSource(`${server.origin}/${path}`).catch((cause: unknown) => cause)
    expect(error).toBeInstanceOf(WeightsError)
    expect(error).toMatchObject({
      message: expect.stringMatching(message),
      hint: hint && expect.stringMatching(hint),
    })
  })

  it('refuses a file that changes while it is read', async () => {
    const source = await urlSource(url, { blockBytes })
    server.files.set('/weights', bytes.slice(0, 9000))
    await expect(readBytes(source, 4000, 10)).rejects.toThrow(/weights: has changed on the server/)
  })

  it('stops with the reason of the signal', async () => {
    const stop = new AbortController()
    const source = await urlSource(url, { blockBytes, signal: stop.signal })
    stop.abort(new Error('enough'))
    await expect(readBytes(source, 4000, 10)).rejects.toThrow('enough')
  })
})
