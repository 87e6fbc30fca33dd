import { describe, expect, it } from 'vitest'
import { ImageError } from '../errors.js'
import { trainTransform } from '../image/augment.js'
import { clipPreprocessing, normalize, testTransform } from '../image/preprocess.js'
import type { RgbImage } from '../image/resize.js'
import { randomStream } from '../random.js'
import type { Datum } from './dataset.js'
import { middle, sampledFrames, segmentPlaces } from './frames.js'
import { ImageCache } from './image-cache.js'
import { evalBatches, trainBatches } from './loader.js'

const SIZE = 6
const preprocessing = { ...clipPreprocessing(SIZE), frames: 3 }

function picture(seed: number): RgbImage {
  const random = randomStream(seed, 'picture')
  return { width: 9, height: 8, data: Uint8Array.from({ length: 9 * 8 * 3 }, () => random.integer(256)) }
}

/** A clip whose frame i is `picture(first + i)`, with the places that were asked for. */
function clip(first: number, count: number, label = 0) {
  const asked: number[][] = []
  const datum: Datum = {
    source: `clip ${first}`,
    label,
    load: async () => picture(first),
    clip: {
      count: async () => count,
      load: async (places) => {
        asked.push([...places])
        return places.map((place) => picture(first + place))
      },
    },
  }
  return { datum, asked }
}

describe('segmentPlaces', () => {
  it('takes the middle of equal segments for testing', () => {
    expect(segmentPlaces(12, 4, middle)).toEqual([1, 4, 7, 10])
    expect(segmentPlaces(10, 4, middle)).toEqual([1, 3, 6, 8])
  })

  it('stays within each segment wherever it draws', () => {
    const lowest = segmentPlaces(12, 4, () => 0)
    const highest = segmentPlaces(12, 4, () => 1 - 1e-9)
    expect(lowest).toEqual([0, 3, 6, 9])
    expect(highest).toEqual([2, 5, 8, 11])
  })

  it('repeats frames of a clip that has fewer than there are segments', () => {
    expect(segmentPlaces(2, 5, middle)).toEqual([0, 0, 1, 1, 1])
  })
})

describe('sampledFrames', () => {
  it('shows a picture as a clip that stands still', async () => {
    const still = picture(1)
    const frames = await sampledFrames({ source: 'still', load: async () => still }, 3, middle)
    expect(frames).toEqual([still, still, still])
  })

  it('refuses a clip of a single frame, by name', async () => {
    const { datum } = clip(0, 1)
    const sampled = sampledFrames(datum, 3, middle)
    await expect(sampled).rejects.toThrow(ImageError)
    await expect(sampled).rejects.toThrow('clip 0: a clip of 1 frame; expected 2 or more')
  })

  it('decodes no frame again that the cache holds', async () => {
    const { datum, asked } = clip(0, 9)
    const cache = new ImageCache(1e6)
    await sampledFrames(datum, 3, middle, cache)
    const again = await sampledFrames(datum, 3, () => 0, cache)
    await sampledFrames(datum, 3, middle, cache)
    expect(asked).toEqual([
      [1, 4, 7],
      [0, 3, 6],
    ])
    expect(again).toEqual([picture(0), picture(3), picture(6)])
  })
})

describe('batches of clips', () => {
  const first = async <T>(batches: AsyncIterable<T>): Promise<T> => {
    for await (const batch of batches) return batch
    throw new Error('no batch')
  }

  it('test the middle frames, one behind the other', async () => {
    const { datum } = clip(20, 9)
    const { images } = await first(evalBatches({ data: [datum], batchSize: 2, preprocessing }))
    const plane = 3 * SIZE * SIZE
    expect(images.length).toBe(2 * 3 * plane)
    for (const [i, place] of [1, 4, 7].entries()) {
      const pixels = testTransform(picture(20 + place), preprocessing)
      expect(images.subarray(i * plane, (i + 1) * plane)).toEqual(normalize(pixels, clipPreprocessing(SIZE)))
    }
    expect(images.subarray(3 * plane).every((value) => value === 0)).toBe(true)
  })

  it('augment the drawn frames of a clip all alike', async () => {
    const { datum, asked } = clip(40, 9)
    const options = { data: [datum], batchSize: 1, epoch: 2, seed: 5, preprocessing }
    const { images } = await first(trainBatches(options))
    const plane = 3 * SIZE * SIZE
    for (const [i, place] of asked[0]!.entries()) {
      const pixels = trainTransform(picture(40 + place), preprocessing, randomStream(5, 'augment', 2, 0))
      expect(images.subarray(i * plane, (i + 1) * plane)).toEqual(normalize(pixels, clipPreprocessing(SIZE)))
    }
  })

  it('draw other frames in another epoch, and the same in the same', async () => {
    const { datum, asked } = clip(60, 300)
    const options = { data: [datum], batchSize: 1, seed: 5, preprocessing }
    for (const epoch of [1, 2, 1]) await first(trainBatches({ ...options, epoch }))
    expect(asked[2]).toEqual(asked[0])
    expect(asked[1]).not.toEqual(asked[0])
    for (const places of asked) expect(places.map((place) => Math.floor(place / 100))).toEqual([0, 1, 2])
  })
})
