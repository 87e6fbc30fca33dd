import { existsSync } from 'node:fs'
import { mkdtemp, open, readdir, readFile, statfs, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { HubServer, sha256 } from '../../../test/support/hub-server.js'
import { UserError } from '../../core/errors.js'
import { type Connection, type Download, type DownloadProgress, download } from './download.js'

vi.mock('node:fs/promises', async (original) => {
  const real = await original<typeof import('node:fs/promises')>()
  return { ...real, open: vi.fn(real.open), statfs: vi.fn(real.statfs) }
})

const content = Buffer.from(Array.from({ length: 300_000 }, (_, i) => (i * 31 + (i >> 8)) & 255))
const received = async () => (await readFile(target)).equals(content)
const connection: Connection = { token: undefined, timeoutMs: 5_000, retryDelayMs: 5 }
let server: HubServer
let folder: string
let target: string

beforeEach(async () => {
  server = await HubServer.start('org/name', { 'model.bin': { content, lfs: true } })
  folder = await mkdtemp(join(tmpdir(), 'download-'))
  target = join(folder, 'model.bin')
})
afterEach(() => server.stop())

function file(changes: Partial<Download> = {}): Download {
  const hex = sha256(content)
  return {
    url: `${server.storageUrl}/${hex}/model.bin`,
    target,
    name: 'model.bin',
    checksum: { kind: 'sha256', hex },
    isPresent: async () => existsSync(target),
    ...changes,
  }
}

/** Runs a download that is cut for good after `bytes`, as if the process had been killed. */
async function leavePartial(bytes: number): Promise<void> {
  const stop = new AbortController()
  const onProgress = ({ received }: DownloadProgress) => {
    if (received >= bytes) stop.abort(new Error('killed'))
  }
  server.faults.cut = { after: bytes, times: 1 }
  const cut = download(file(), { ...connection, onProgress, signal: stop.signal })
  await expect(cut).rejects.toThrow('killed')
  server.seen.length = 0
}

describe('a download', () => {
  it('arrives whole, with progress, and leaves nothing else behind', async () => {
    const events: DownloadProgress[] = []
    await download(file(), { ...connection, onProgress: (event) => events.push(event) })
    expect(await received()).toBe(true)
    expect(await readdir(folder)).toEqual(['model.bin'])
    expect(events[0]).toEqual({ file: 'model.bin', received: 0, total: content.length })
    expect(events.at(-1)).toEqual({ file: 'model.bin', received: content.length, total: content.length })
    expect(server.seen[0]!.encoding).toBe('identity')
  })

  it('goes on after a cut connection, asking only for the missing bytes of the same file', async () => {
    server.faults.cut = { after: 100_000, times: 2 }
    await download(file(), { ...connection, onProgress: server.watch })
    expect(await received()).toBe(true)
    const etag = `"storage-${sha256(content).slice(0, 8)}"`
    expect(server.seen.map(({ range, ifRange }) => [range, ifRange])).toEqual([
      [undefined, undefined],
      ['bytes=100000-', etag],
      ['bytes=200000-', etag],
    ])
  })

  it('goes on where an earlier process stopped', async () => {
    await leavePartial(120_000)
    expect(await readdir(folder)).toEqual(['model.bin.promptsrc.incomplete'])
    const events: DownloadProgress[] = []
    await download(file(), { ...connection, onProgress: (event) => events.push(event) })
    expect(server.seen.map(({ range }) => range)).toEqual(['bytes=120000-'])
    expect(events[0]!.received).toBe(120_000)
    expect(await received()).toBe(true)
    expect(await readdir(folder)).toEqual(['model.bin'])
  })

  it('starts over at a server that cannot send a part', async () => {
    await leavePartial(120_000)
    server.faults.ignoreRange = true
    await download(file(), connection)
    expect(await received()).toBe(true)
    expect(server.seen).toHaveLength(1)
  })

  it('starts over when the file on the server has changed since the cut', async () => {
    const newer = Buffer.from(content.toReversed())
    server.faults.cut = { after: 100_000, times: 1 }
    const onProgress = (event: DownloadProgress) => {
      server.watch(event)
      if (event.received === 100_000) server.files.get('model.bin')!.content = newer
    }
    const changed = file({ checksum: { kind: 'sha256', hex: sha256(newer) } })
    await download(changed, { ...connection, onProgress })
    expect(server.seen.map(({ range }) => range)).toEqual([undefined, 'bytes=100000-'])
    expect((await readFile(target)).equals(newer)).toBe(true)
  })

  it.each([
    ['a part of another file', 50_000],
    ['as long as the whole', content.length],
    ['too long', content.length + 10],
  ])('starts over when what is left of an earlier attempt is %s', async (_, length) => {
    await writeFile(`${target}.promptsrc.incomplete`, Buffer.alloc(length, 1))
    await download(file({ size: content.length }), connection)
    expect(await received()).toBe(true)
  })

  it('needs no transfer when an earlier attempt had brought everything', async () => {
    await writeFile(`${target}.promptsrc.incomplete`, content)
    await download(file({ size: content.length }), connection)
    expect(server.seen).toEqual([])
    expect(await received()).toBe(true)
  })

  it('learns from the server that an earlier attempt had brought everything', async () => {
    await writeFile(`${target}.promptsrc.incomplete`, content)
    await download(file(), connection)
    expect(server.seen.map(({ range }) => range)).toEqual([`bytes=${content.length}-`])
    expect(await received()).toBe(true)
  })

  it('is refused and removed when its hash is wrong, also after a resumed attempt', async () => {
    server.faults.corrupt = true
    await expect(download(file(), connection)).rejects.toThrow(/SHA-256 is [0-9a-f]{64}, expected/)
    expect(await readdir(folder)).toEqual([])
    await leavePartial(1_000)
    await expect(download(file(), connection)).rejects.toBeInstanceOf(UserError)
    expect(await readdir(folder)).toEqual([])
  })

  it('leaves an older file alone when the new one is wrong', async () => {
    await writeFile(target, 'older')
    server.faults.corrupt = true
    await expect(download(file({ isPresent: async () => false }), connection)).rejects.toThrow('SHA-256')
    expect(await readFile(target, 'utf8')).toBe('older')
  })

  it('is transferred once when two want it at the same time', async () => {
    server.faults.slowMs = 200
    await Promise.all([download(file(), connection), download(file(), connection)])
    expect(server.seen).toHaveLength(1)
    expect(await readdir(folder)).toEqual(['model.bin'])
  })

  it('stops on request and keeps what has arrived', async () => {
    server.faults.slowMs = 60_000
    const stop = new AbortController()
    const onProgress = ({ received }: DownloadProgress) => {
      if (received >= content.length >> 1) stop.abort(new Error('enough'))
    }
    const stopped = download(file(), { ...connection, signal: stop.signal, onProgress })
    await expect(stopped).rejects.toThrow('enough')
    expect((await readFile(`${target}.promptsrc.incomplete`)).length).toBe(content.length >> 1)
    expect(await readdir(folder)).toHaveLength(1)
  })

  it('takes silence for a cut connection', async () => {
    server.faults.slowMs = 60_000
    const onProgress = ({ received }: DownloadProgress) => {
      if (received > 0) delete server.faults.slowMs
    }
    await download(file(), { ...connection, timeoutMs: 150, onProgress })
    expect(server.seen).toHaveLength(2)
    expect(await received()).toBe(true)
  })

  it('tries again when the server is overloaded, and gives up when it stays so', async () => {
    server.faults.status = { code: 503, times: 2 }
    await download(file(), connection)
    expect(server.seen).toHaveLength(3)
    server.faults.status = { code: 503, times: 100 }
    await expect(download(file({ isPresent: async () => false }), connection)).rejects.toThrow('status 503')
    expect(server.seen).toHaveLength(8)
  })

  it('does not ask again where the answer will not change', async () => {
    server.faults.status = { code: 403, times: 100 }
    await expect(download(file(), connection)).rejects.toThrow('status 403')
    expect(server.seen).toHaveLength(1)
  })

  // Every write to Linux's /dev/full fails as on a full disk.
  it.skipIf(!existsSync('/dev/full'))('names the file and the next step on a full disk', async () => {
    const real = vi.mocked(open).getMockImplementation()!
    const full = await real('/dev/full', 'w')
    vi.mocked(open).mockImplementation(async (path, ...rest) => {
      const handle = await real(path, ...rest)
      return String(path).endsWith('.incomplete')
        ? Object.assign(handle, { write: full.write.bind(full) })
        : handle
    })
    const error = await download(file(), connection).catch((e: unknown) => e)
    vi.mocked(open).mockImplementation(real)
    await full.close()
    expect(error).toBeInstanceOf(UserError)
    expect(String(error)).toContain(`cannot write ${target}: the disk is full`)
    expect((error as UserError).hint).toMatch(/Free some space/)
    expect(existsSync(target)).toBe(false)
  })

  it('is not begun when the disk cannot hold it', async () => {
    vi.mocked(statfs).mockResolvedValueOnce({ bavail: 10, bsize: 4096 } as never)
    const progress = vi.fn()
    const refused = download(file(), { ...connection, onProgress: progress })
    await expect(refused).rejects.toThrow('it needs 0.3 MB, the disk has 0.0 MB free')
    expect(progress).not.toHaveBeenCalled()
  })
})
