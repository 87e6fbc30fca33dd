import { describe, expect, it } from 'vitest'
import { ImageError } from '../errors.js'
import { clipPreprocessing } from '../image/preprocess.js'
import type { RgbImage } from '../image/resize.js'
import type { Classifier } from './classifier.js'
import { type NamedImage, predictEach, predictImages } from './predict.js'

const grey = (value: number): RgbImage => ({ width: 2, height: 2, data: new Uint8Array(12).fill(value) })

/** Sees dark or light in the first pixel of every image; notes the sizes of its batches. */
function darkOrLight(batchSize: number): Classifier & { readonly batches: number[] } {
  const batches: number[] = []
  return {
    batches,
    classNames: ['dark', 'light'],
    batchSize,
    preprocessing: clipPreprocessing(2),
    textFeatures: undefined,
    caches: undefined,
    async classify(images) {
      const rows = images.length / 12
      batches.push(rows)
      const logits = new Float32Array(2 * rows)
      for (let row = 0; row < rows; row++) logits.set([0, 10 * images[12 * row]!], 2 * row)
      return { logits, features: new Float32Array(0) }
    },
    release: async () => {},
    [Symbol.asyncDispose]: async () => {},
  }
}

/** Images that take the longer to load the earlier they come; `bad` ones cannot be read. */
function images(values: readonly (number | 'bad')[]): NamedImage[] {
  return values.map((value, i) => ({
    name: `${i}`,
    async load() {
      await new Promise((done) => setTimeout(done, 2 * (values.length - i)))
      if (value === 'bad') throw new ImageError(`${i}: damaged`)
      return grey(value)
    },
  }))
}

async function all<T>(each: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = []
  for await (const one of each) list.push(one)
  return list
}

describe('predictEach', () => {
  it('answers in the order of the images, those that cannot be read in their places', async () => {
    const classifier = darkOrLight(3)
    const outcomes = await all(predictEach(classifier, images([0, 'bad', 255, 'bad', 255, 0, 255])))
    const said = outcomes.map((o) => ('error' in o ? o.error.message : o.classes[0]!.className))
    expect(outcomes.map(({ image }) => image)).toEqual(['0', '1', '2', '3', '4', '5', '6'])
    expect(said).toEqual(['dark', '1: damaged', 'light', '3: damaged', 'light', 'dark', 'light'])
    // Batches are of neighbours, whether these can be read or not.
    expect(classifier.batches).toEqual([2, 2, 1])
  })

  it('does not ask the model where no image of a batch can be read', async () => {
    const classifier = darkOrLight(2)
    expect(await all(predictEach(classifier, images(['bad', 'bad', 0])))).toHaveLength(3)
    expect(classifier.batches).toEqual([1])
  })

  it('loads as many images side by side as it may, and no more than two batches ahead', async () => {
    let [loading, most, begun] = [0, 0, 0]
    const slow = Array.from({ length: 40 }, (_, i) => ({
      name: `${i}`,
      async load() {
        begun++
        most = Math.max(most, ++loading)
        await new Promise((done) => setTimeout(done, 1))
        loading--
        return grey(i)
      },
    }))
    const outcomes = predictEach(darkOrLight(4), slow, { jobs: 3 })
    await outcomes.next()
    expect(begun).toBeLessThanOrEqual(12)
    expect((await all(outcomes)).length).toBe(39)
    expect(most).toBe(3)
  })

  it('stops with the reason of the signal, and takes no further image', async () => {
    const controller = new AbortController()
    const given = images(Array(40).fill(0))
    const outcomes = predictEach(darkOrLight(2), given, { jobs: 1, signal: controller.signal })
    await outcomes.next()
    controller.abort(new Error('enough'))
    await expect(all(outcomes)).rejects.toThrow('enough')
  })

  it('lets faults of the program through', async () => {
    const broken = [{ name: 'a', load: () => Promise.reject(new TypeError('a fault')) }]
    await expect(all(predictEach(darkOrLight(1), broken))).rejects.toThrow(TypeError)
  })
})

describe('predictImages', () => {
  it('leaves out what cannot be read where somebody is told, and throws it otherwise', async () => {
    const told: string[] = []
    const given = images([0, 'bad', 255])
    const onBadImage = (error: Error) => told.push(error.message)
    const kept = await all(predictImages(darkOrLight(2), given, { onBadImage }))
    expect(kept.map(({ image }) => image)).toEqual(['0', '2'])
    expect(told).toEqual(['1: damaged'])
    await expect(all(predictImages(darkOrLight(2), given))).rejects.toThrow('1: damaged')
  })
})
