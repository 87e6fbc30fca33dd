import { mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { crc32, deflateRawSync, gzipSync } from 'node:zlib'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type TarInput, tarOf } from '../../../test/support/tar-writer.js'
import { type ZipInput, zipOf } from '../../../test/support/zip-writer.js'
import { randomStream } from '../../core/random.js'
import { ArchiveError } from './archive-entry.js'
import { type UnpackOptions, unpackArchive, unpackLimits } from './unpack.js'

let base: string
let target: string
let count = 0
beforeAll(async () => {
  base = await mkdtemp(join(tmpdir(), 'unpack-'))
})
beforeEach(async () => {
  target = join(base, `folder${count++}`)
})
afterAll(() => rm(base, { recursive: true }))

/** Unpacks an archive of those bytes into the target. */
async function unpack(bytes: Uint8Array, options?: UnpackOptions) {
  const file = join(base, 'archive')
  await writeFile(file, bytes)
  return await unpackArchive(file, target, options)
}

/** All files below the target with their content. */
async function found(folder = target): Promise<Record<string, string>> {
  const files = await readdir(folder, { recursive: true, withFileTypes: true })
  const entries = files
    .filter((file) => file.isFile())
    .map(async (file) => {
      const path = join(file.parentPath, file.name)
      return [path.slice(folder.length + 1), await readFile(path, 'latin1')] as const
    })
  return Object.fromEntries((await Promise.all(entries)).sort())
}

/** Files of many sizes, around those of tar's blocks and of the pieces that are read. */
const sizes = [0, 1, 511, 512, 513, 5000, 262_143, 300_000]
const noise = (bytes: number) => {
  const random = randomStream(1, 'noise', bytes)
  return Buffer.from(Uint8Array.from({ length: bytes }, () => Math.floor(random.uniform() * 256)))
}
const many: { path: string; data: Buffer }[] = [
  ...sizes.map((size) => ({ path: `set/a/${size}.jpg`, data: noise(size) })),
  ...Array.from({ length: 120 }, (_, i) => ({ path: `set/b/${i}.jpg`, data: noise(i) })),
]
const expected = Object.fromEntries(many.map(({ path, data }) => [path, data.toString('latin1')]).sort())

const zipped = (inputs: readonly { path: string; data: Buffer }[]) =>
  zipOf(
    inputs.map(({ path, data }, i): ZipInput => {
      if (i % 2 === 0) return { path, data }
      return { path, data: deflateRawSync(data), method: 8, size: data.length, crc: crc32(data) }
    }),
  )

const kinds: [string, () => Buffer][] = [
  ['tar', () => tarOf(many)],
  ['tar.gz', () => gzipSync(tarOf(many))],
  ['zip', () => zipped(many)],
]

describe.each(kinds)('a %s archive', (kind, bytes) => {
  it('is unpacked, file by file', async () => {
    let read = 0
    const archive = bytes()
    const result = await unpack(archive, {
      onProgress: (done) => {
        expect(done).toBeGreaterThanOrEqual(read)
        read = done
      },
    })
    expect(result).toEqual({ written: many.length, kept: 0, leftOut: [] })
    expect(await found()).toEqual(expected)
    expect(read).toBeGreaterThan(archive.length * 0.8)
  })

  it('is completed after an interruption, without writing again what is there', async () => {
    const controller = new AbortController()
    let placed = 0
    const place = (path: string) => {
      if (++placed === 100) controller.abort(new Error('time is up'))
      return path
    }
    await expect(unpack(bytes(), { place, signal: controller.signal })).rejects.toThrow(/^time is up$/)
    const before = Object.keys(await found()).length
    expect(before).toBeGreaterThan(50)
    expect(before).toBeLessThan(many.length)
    const first = await stat(join(target, many[3]!.path))

    const { written, kept } = await unpack(bytes())
    expect([written, kept]).toEqual([many.length - before, before])
    expect(await found()).toEqual(expected)
    expect((await stat(join(target, many[3]!.path))).mtimeMs).toBe(first.mtimeMs)
  })

  it('that is cut off at any place is refused, and never leaves part of a file', async () => {
    const whole = bytes()
    for (const share of [0, 0.01, 0.1, 0.5, 0.9, 0.999]) {
      const cut = whole.subarray(0, Math.floor(whole.length * share))
      await expect(unpack(cut), String(share)).rejects.toThrow(ArchiveError)
      const files = await found().catch(() => ({}))
      for (const [path, content] of Object.entries(files)) expect(content).toBe(expected[path])
    }
    if (kind === 'tar') {
      // Between two entries, where the last one is whole.
      await expect(unpack(tarOf(many.slice(0, 3)).subarray(0, -1024))).rejects.toThrow(/ends before/)
    }
  })

  it('with bytes changed is refused or gives whole files', async () => {
    const random = randomStream(2, 'changes', kind)
    for (let i = 0; i < 10; i++) {
      const changed = Buffer.from(bytes().subarray())
      changed[Math.floor(random.uniform() * changed.length)]! ^= 1 << Math.floor(random.uniform() * 8)
      await rm(target, { recursive: true, force: true })
      const result = await unpack(changed).catch((error: unknown) => error)
      if (result instanceof Error) expect(result).toBeInstanceOf(ArchiveError)
      if (kind !== 'tar') {
        const files = await found().catch(() => ({}))
        for (const [path, content] of Object.entries(files)) {
          if (path in expected) expect(content.length).toBe(expected[path]!.length)
        }
      }
    }
  })
})

describe('entries', () => {
  it('go where they are placed, or nowhere', async () => {
    const archive = tarOf([
      { path: './x/data/1.txt', data: '1' },
      { path: 'x/other.txt', data: '2' },
    ])
    const place = (path: string) => (path.startsWith('x/data/') ? path.slice(7) : undefined)
    expect(await unpack(archive, { place })).toMatchObject({ written: 1 })
    expect(await found()).toEqual({ '1.txt': '1' })
  })

  it('that are archives are unpacked in passing, where they are placed so', async () => {
    const inner = (name: string) => tarOf([{ path: `${name}_1.JPEG`, data: name }])
    const archive = tarOf([
      { path: 'n01.tar', data: inner('n01') },
      { path: 'n02.tar', data: gzipSync(inner('n02')) },
      { path: 'notes.txt', data: 'no' },
    ])
    const place = (path: string) =>
      path.endsWith('.tar') ? (name: string) => `train/${path.slice(0, -4)}/${name}` : undefined
    expect(await unpack(archive, { place })).toMatchObject({ written: 2 })
    expect(await found()).toEqual({ 'train/n01/n01_1.JPEG': 'n01', 'train/n02/n02_1.JPEG': 'n02' })
  })

  it('of operating systems are left out', async () => {
    await unpack(
      tarOf([
        { path: 'a/._1.jpg' },
        { path: '__MACOSX/a/1.jpg' },
        { path: 'a/.DS_Store' },
        { path: 'a/1.jpg' },
      ]),
    )
    expect(await found()).toEqual({ 'a/1.jpg': '' })
  })

  it('that are links or devices are never made', async () => {
    const { leftOut } = await unpack(
      tarOf([
        { path: 'link', type: '2', link: '/etc' },
        { path: 'link/passwd', data: 'x' },
        { path: 'hard', type: '1', link: '/etc/passwd' },
        { path: 'null', type: '3' },
      ]),
    )
    expect(leftOut).toEqual(['link', 'hard', 'null'])
    expect(await found()).toEqual({ 'link/passwd': 'x' })
    expect((await stat(join(target, 'link'))).isDirectory()).toBe(true)
  })
})

describe('an archive that would write elsewhere is refused:', () => {
  const paths = ['../x', 'a/../../x', '/tmp/x', 'a\\..\\x', 'C:/x', '..']
  it.each(paths)('tar with %s', async (path) => {
    await expect(unpack(tarOf([{ path, data: 'x' } satisfies TarInput]))).rejects.toThrow(ArchiveError)
    expect(await found()).toEqual({})
  })
  it.each(paths)('zip with %s', async (path) => {
    await expect(unpack(zipOf([{ path, data: Buffer.from('x') }]))).rejects.toThrow(ArchiveError)
    expect(await found()).toEqual({})
  })

  it('through a link that is there already', async () => {
    const outside = join(base, 'outside')
    await mkdir(outside, { recursive: true })
    await mkdir(target)
    await symlink(outside, join(target, 'a'))
    await expect(unpack(tarOf([{ path: 'a/b/1.jpg', data: 'x' }]))).rejects.toThrow(/leads out of/)
    expect(await readdir(outside)).toEqual([])
  })

  it('but a file that is a link is replaced, not written through', async () => {
    const secret = join(base, 'secret')
    await writeFile(secret, 'secret')
    await mkdir(target)
    await symlink(secret, join(target, '1.jpg'))
    await unpack(tarOf([{ path: '1.jpg', data: 'x' }]))
    expect(await readFile(secret, 'utf8')).toBe('secret')
    expect(await readFile(join(target, '1.jpg'), 'utf8')).toBe('x')
  })
})

describe('an archive beyond the limits is refused:', () => {
  const kept = { ...unpackLimits }
  afterEach(() => Object.assign(unpackLimits, kept))

  it('a file that grows', async () => {
    unpackLimits.freeBytes = 1000
    const zeros = Buffer.alloc(100_000)
    await expect(
      unpack(
        zipped([
          { path: 'b', data: zeros },
          { path: 'a', data: zeros },
        ]),
      ),
    ).resolves.toBeTruthy()
    const bomb = deflateRawSync(zeros)
    await expect(
      unpack(zipOf([{ path: 'c', data: bomb, method: 8, size: zeros.length, crc: crc32(zeros) }])),
    ).rejects.toThrow(/grows to more than/)
    await expect(unpack(gzipSync(tarOf([{ path: 'd', data: Buffer.alloc(10_000_000) }])))).rejects.toThrow(
      ArchiveError,
    )
    expect(Object.keys(await found())).toEqual(['a', 'b'])
  })

  it('too many entries', async () => {
    unpackLimits.entries = 10
    await expect(unpack(tarOf(many))).rejects.toThrow(/more than 10 entries/)
  })

  it('a size that lies', async () => {
    await expect(unpack(tarOf([{ path: 'a', data: 'x', size: 2 ** 32 }]))).rejects.toThrow(ArchiveError)
    const data = Buffer.from('x')
    await expect(unpack(zipOf([{ path: 'a', data, crc: 7 }]))).rejects.toThrow(/does not match its checksum/)
    expect(await found()).toEqual({})
  })
})
