import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import sharp from 'sharp'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { openFolder } from '../../node/data/folder.js'
import { ConfigError, DataError, UserError } from '../errors.js'
import { trainTransform } from '../image/augment.js'
import { clipPreprocessing, normalize, testTransform } from '../image/preprocess.js'
import type { RgbImage } from '../image/resize.js'
import { randomStream } from '../random.js'
import type { Datum } from './dataset.js'
import { ImageCache } from './image-cache.js'
import { type Batch, evalBatches, readableImages, trainBatchCount, trainBatches } from './loader.js'

const resolution = 8
const preprocessing = clipPreprocessing(resolution)

function picture(seed: number, width = 12, height = 10): RgbImage {
  const random = randomStream(seed, 'picture')
  return { width, height, data: Uint8Array.from({ length: width * height * 3 }, () => random.integer(256)) }
}

/** Images that count how often they are loaded and take random times. */
function drawn(count: number, classes = 2) {
  const loads = new Array<number>(count).fill(0)
  const data = Array.from(
    { length: count },
    (_, i): Datum => ({
      source: `drawn ${i}`,
      label: i % classes,
      load: async () => {
        loads[i]! += 1
        await delay(Math.random() * 3)
        return picture(i)
      },
    }),
  )
  return { data, loads }
}

const bad = (source: string, label = 0): Datum => ({
  source,
  label,
  load: async () => {
    throw new DataError(`${source}: not an image`)
  },
})

async function collect(source: AsyncIterable<Batch>): Promise<Batch[]> {
  const batches: Batch[] = []
  for await (const batch of source) batches.push(batch)
  return batches
}

const training = { batchSize: 2, epoch: 1, seed: 1, preprocessing }
const indicesOf = (batches: Batch[]) => batches.flatMap(({ indices }) => [...indices])

describe('trainBatches', () => {
  it('visits every image once in shuffled order and leaves out an incomplete last batch', async () => {
    const batches = await collect(trainBatches({ ...training, data: drawn(9).data }))
    expect(batches.map(({ labels }) => labels.length)).toEqual([2, 2, 2, 2])
    expect(batches).toHaveLength(trainBatchCount(9, 2))
    const visited = indicesOf(batches)
    expect(new Set(visited).size).toBe(8)
    expect(visited).not.toEqual([...visited].sort((a, b) => a - b))
  })

  it('keeps the only batch, however small', async () => {
    const [batch, ...rest] = await collect(trainBatches({ ...training, batchSize: 8, data: drawn(3).data }))
    expect(rest).toEqual([])
    expect(batch!.images).toHaveLength(3 * 3 * resolution ** 2)
    expect(trainBatchCount(3, 8)).toBe(1)
  })

  it('gives each image its augmentation by epoch and place, normalised, with its label', async () => {
    const { data } = drawn(6, 3)
    for (const batch of await collect(trainBatches({ ...training, epoch: 4, data }))) {
      for (const [row, index] of batch.indices.entries()) {
        expect(batch.labels[row]).toBe(index % 3)
        const pixels = trainTransform(picture(index), preprocessing, randomStream(1, 'augment', 4, index))
        const expected = new Float32Array(3 * resolution ** 2)
        normalize(pixels, preprocessing, expected, 0)
        expect(batch.images.slice(row * expected.length, (row + 1) * expected.length)).toEqual(expected)
      }
    }
  })

  it('is the same whatever the timing, prefetching and caching', async () => {
    const { data } = drawn(10)
    const first = await collect(trainBatches({ ...training, data }))
    const cache = new ImageCache(1e6)
    expect(await collect(trainBatches({ ...training, data, prefetch: 1, cache }))).toEqual(first)
    expect(await collect(trainBatches({ ...training, data, prefetch: 10, cache }))).toEqual(first)
  })

  it('differs between epochs and between seeds', async () => {
    const { data } = drawn(10)
    const orders = [training, { ...training, epoch: 2 }, { ...training, seed: 2 }].map(async (options) =>
      indicesOf(await collect(trainBatches({ ...options, data }))).join(),
    )
    expect(new Set(await Promise.all(orders)).size).toBe(3)
  })

  it('decodes once with a cache that is large enough, and never holds more than its bytes', async () => {
    const { data, loads } = drawn(6)
    const cache = new ImageCache(4 * 12 * 10 * 3 + 7)
    for (const epoch of [1, 2, 3]) await collect(trainBatches({ ...training, epoch, data, cache }))
    expect(cache.bytes).toBe(4 * 12 * 10 * 3)
    expect([...loads].sort()).toEqual([1, 1, 1, 1, 3, 3])
  })

  it('works ahead of the consumer by the batches asked for', async () => {
    const { data, loads } = drawn(20)
    const batches = trainBatches({ ...training, data, prefetch: 2 })
    await batches.next()
    const started = () => loads.reduce((a, b) => a + b)
    await vi.waitFor(() => expect(started()).toBe(3 * 2))
    await delay(20)
    expect(started()).toBe(3 * 2)
    await batches.return()
  })

  it('stops decoding when the consumer leaves or aborts', async () => {
    const { data, loads } = drawn(20)
    for await (const _ of trainBatches({ ...training, data, prefetch: 3 })) break
    const started = loads.reduce((a, b) => a + b)
    await delay(30)
    expect(loads.reduce((a, b) => a + b)).toBe(started)
    expect(started).toBeLessThan(20)

    const controller = new AbortController()
    const batches = trainBatches({ ...training, data, signal: controller.signal })
    await batches.next()
    controller.abort()
    await expect(batches.next()).rejects.toMatchObject({ name: 'AbortError' })
  })

  it('throws for an image that cannot be decoded, and for no images', async () => {
    const data = [...drawn(3).data, bad('broken.jpg')]
    await expect(collect(trainBatches({ ...training, data }))).rejects.toThrow('broken.jpg')
    await expect(collect(trainBatches({ ...training, data: [] }))).rejects.toBeInstanceOf(DataError)
    await expect(collect(trainBatches({ ...training, data, batchSize: 0 }))).rejects.toBeInstanceOf(
      ConfigError,
    )
  })
})

describe('evalBatches', () => {
  it('goes in order with the test transform and pads the last batch with zeros', async () => {
    const { data } = drawn(5)
    const batches = await collect(evalBatches({ data, batchSize: 4, preprocessing }))
    expect(batches.map(({ indices }) => [...indices])).toEqual([[0, 1, 2, 3], [4]])
    expect(batches.map(({ labels }) => [...labels])).toEqual([[0, 1, 0, 1], [0]])
    const size = 3 * resolution ** 2
    const expected = new Float32Array(4 * size)
    normalize(testTransform(picture(4), preprocessing), preprocessing, expected, 0)
    expect(batches[1]!.images).toEqual(expected)
  })

  it('leaves out bad images where told to, and reports each', async () => {
    const { data } = drawn(4)
    const mixed = [data[0]!, bad('x.jpg'), data[1]!, data[2]!, bad('y.jpg'), bad('z.jpg')]
    const reported: string[] = []
    const options = { data: mixed, batchSize: 2, preprocessing, skipBadImages: true }
    const onBadImage = ({ source }: Datum, error: UserError) => reported.push(`${source}: ${error.message}`)
    const batches = await collect(evalBatches({ ...options, onBadImage }))
    expect(batches.map(({ indices }) => [...indices])).toEqual([[0], [2, 3], []])
    expect(batches.map(({ images }) => images.length)).toEqual(new Array(3).fill(2 * 3 * resolution ** 2))
    expect(reported).toEqual(['x', 'y', 'z'].map((n) => `${n}.jpg: ${n}.jpg: not an image`))
    await expect(collect(evalBatches({ ...options, skipBadImages: false }))).rejects.toThrow('x.jpg')
  })

  it('does not take a fault of the program for a bad image', async () => {
    const faulty: Datum = {
      source: 'a',
      label: 0,
      load: async () => {
        throw new TypeError('fault')
      },
    }
    const options = { data: [faulty], batchSize: 1, preprocessing, skipBadImages: true }
    await expect(collect(evalBatches(options))).rejects.toThrow('fault')
  })
})

describe('readableImages', () => {
  it('keeps the others in order, reports the bad ones and fills the cache', async () => {
    const { data, loads } = drawn(4)
    const cache = new ImageCache(1e6)
    const reported: string[] = []
    const kept = await readableImages([data[0]!, bad('x.jpg'), ...data.slice(1)], {
      cache,
      onBadImage: ({ source }) => reported.push(source),
    })
    expect(kept).toEqual(data)
    expect(reported).toEqual(['x.jpg'])
    await collect(trainBatches({ ...training, data: kept, cache }))
    expect(loads).toEqual([1, 1, 1, 1])
  })

  it('refuses a class that has no readable image left', async () => {
    await expect(readableImages([...drawn(2).data, bad('only.jpg', 7)])).rejects.toThrow('only.jpg')
  })
})

describe('loading from files', () => {
  let root: string
  beforeAll(async () => {
    root = await mkdtemp(join(tmpdir(), 'loader-'))
    for (const [label, background] of ['#ff0000', '#00ff00'].entries()) {
      await mkdir(join(root, `class${label}`))
      for (const type of ['png', 'jpeg', 'webp'] as const) {
        const image = sharp({ create: { width: 20, height: 16, channels: 3, background } })
        await image.toFormat(type).toFile(join(root, `class${label}`, `1.${type}`))
      }
    }
  })
  afterAll(() => rm(root, { recursive: true }))

  it('feeds pictures of a folder to training and evaluation', async () => {
    const dataset = await openFolder(root)
    expect([dataset.train.length, dataset.test.length]).toEqual([4, 2])
    const [batch] = await collect(trainBatches({ ...training, batchSize: 4, data: dataset.train }))
    const plane = resolution ** 2
    for (const [row, label] of batch!.labels.entries()) {
      const [red, green] = [0, 1].map((channel) => batch!.images[(row * 3 + channel) * plane]!)
      expect(red! > green!).toBe(label === 0)
    }
    const [evaluated] = await collect(evalBatches({ data: dataset.test, batchSize: 4, preprocessing }))
    expect([...evaluated!.labels]).toEqual([0, 1])
  })

  it('names a zero-byte and a truncated file, and goes on without them where told to', async () => {
    const photo = await sharp({ create: { width: 64, height: 64, channels: 3, background: '#123456' } })
      .png({ compressionLevel: 0 })
      .toBuffer()
    await writeFile(join(root, 'class0', 'empty.png'), '')
    await writeFile(join(root, 'class0', 'cut.png'), photo.subarray(0, 200))
    const { train } = await openFolder(root, { testFraction: 0 })
    await expect(collect(trainBatches({ ...training, batchSize: 8, data: train }))).rejects.toBeInstanceOf(
      UserError,
    )
    const reported: string[] = []
    const kept = await readableImages(train, { onBadImage: (_, error) => reported.push(error.message) })
    expect(kept).toHaveLength(6)
    expect(reported.join()).toMatch(/cut\.png.*empty\.png/)
  })
})
