import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { clipPreprocessing, type Preprocessing } from '../../core/image/preprocess.js'
import { decoderVersions } from '../data/decode.js'
import { packageVersion } from '../runs/environment.js'
import { cacheKey, sha256 } from './cache-key.js'
import { DiskCache } from './disk-cache.js'
import { modelCaches, pixelCache } from './model-caches.js'

const folder = mkdtempSync(join(tmpdir(), 'promptsrc-image-caches-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
const disk = new DiskCache({ folder, maxBytes: 1e8 })
const clip = clipPreprocessing(2)
const forms: readonly Preprocessing[] = [
  clip,
  { ...clip, resize: 'squash' },
  { ...clip, interpolation: 'bilinear' },
  { ...clip, mean: [0.5, 0.5, 0.5] },
  { ...clip, std: [0.5, 0.5, 0.5] },
]

describe('the cache of pixels', () => {
  const pixels = (bytes: Uint8Array, form: Preprocessing, value: number) =>
    pixelCache(disk).pixels(bytes, form, async () => new Uint8Array(12).fill(value))

  it("finds what version 0.1.0 kept, which had CLIP's preprocessing alone", async () => {
    const bytes = Uint8Array.of(1, 2, 3)
    const key = cacheKey('pixels', [1, await decoderVersions()], 2, sha256(bytes))
    await disk.put('pixels', key, new Uint8Array(12).fill(9))
    expect(await pixels(bytes, clip, 0)).toEqual(new Uint8Array(12).fill(9))
  })

  it('tells resize modes and interpolations apart, and what is only normalised otherwise not', async () => {
    const bytes = Uint8Array.of(4)
    const found: number[] = []
    for (const [i, form] of forms.entries()) found.push((await pixels(bytes, form, i))[0]!)
    expect(found).toEqual([0, 1, 2, 0, 0])
  })

  it('tells ways of reading apart', async () => {
    const bytes = Uint8Array.of(5)
    const read = async (value: number, reading?: string) => {
      const make = async () => new Uint8Array(12).fill(value)
      return (await pixelCache(disk).pixels(bytes, clip, make, reading))[0]
    }
    expect([await read(1), await read(2, 'upright'), await read(3, 'as stored')]).toEqual([1, 2, 3])
    expect([await read(4), await read(5, 'upright'), await read(6, 'as stored')]).toEqual([1, 2, 3])
  })
})

describe('the cache of features', () => {
  const runtime = { signature: 'runtime' }
  const cache = modelCaches(disk, { runtime, hash: async () => 'model' } as never).features!
  const program = Uint8Array.of(7)
  const open = (preprocessing: Preprocessing) =>
    cache.open({ width: 1, preprocessing, program: async () => program } as never)

  it("finds what version 0.1.0 kept, which had CLIP's preprocessing alone", async () => {
    const bytes = Uint8Array.of(1, 2, 3)
    const model = [packageVersion(), 'runtime', 'model']
    const tower = cacheKey('image-features', model, [1, await decoderVersions()], 2, sha256(program))
    await disk.put(
      'image-features',
      cacheKey(tower, sha256(bytes)),
      new Uint8Array(Float32Array.of(5).buffer),
    )
    expect((await (await open(clip)).find(bytes)).features).toEqual(Float32Array.of(5))
  })

  it('tells all forms of images apart', async () => {
    const bytes = Uint8Array.of(4)
    for (const [i, form] of forms.entries()) {
      const found = await (await open(form)).find(bytes)
      expect(found.features, JSON.stringify(form)).toBeUndefined()
      await found.keep(Float32Array.of(i))
    }
    for (const [i, form] of forms.entries())
      expect((await (await open(form)).find(bytes)).features).toEqual(Float32Array.of(i))
  })

  it('tells ways of reading apart', async () => {
    const tower = await open(clip)
    const bytes = Uint8Array.of(5)
    await (await tower.find(bytes)).keep(Float32Array.of(1))
    expect((await tower.find(bytes, 'upright')).features).toBeUndefined()
    await (await tower.find(bytes, 'upright')).keep(Float32Array.of(2))
    expect((await tower.find(bytes)).features).toEqual(Float32Array.of(1))
    expect((await tower.find(bytes, 'upright')).features).toEqual(Float32Array.of(2))
  })
})
