import { expect, it } from 'vitest'
import { DataError } from '../errors.js'
import type { Classifier } from '../evaluate/classifier.js'
import type { NamedImage } from '../evaluate/predict.js'
import { suggestImages } from './suggest.js'

/** Red is the certainty of the first of two classes, green the angle of the features. */
const classifier: Classifier = {
  classNames: ['sure', 'other'],
  batchSize: 2,
  preprocessing: { size: 1, resize: 'shortest', interpolation: 'bicubic', mean: [0, 0, 0], std: [1, 1, 1] },
  textFeatures: undefined,
  caches: undefined,
  async classify(pixels) {
    const rows = pixels.length / 3
    const logits = new Float32Array(rows * 2)
    const features = new Float32Array(rows * 2)
    for (let i = 0; i < rows; i++) {
      const [red, green] = [pixels[3 * i]!, pixels[3 * i + 1]!]
      logits[2 * i] = 10 * red
      features.set([Math.cos(green * Math.PI), Math.sin(green * Math.PI)], 2 * i)
    }
    return { logits, features }
  },
  release: async () => {},
  [Symbol.asyncDispose]: async () => {},
}

const image = (name: string, red: number, green: number): NamedImage => ({
  name,
  load: async () => ({ width: 1, height: 1, data: Uint8Array.of(255 * red, 255 * green, 0) }),
})
const names = async (...args: Parameters<typeof suggestImages>) =>
  (await suggestImages(...args)).map((suggestion) => suggestion.image)

it('takes unsure images before sure ones, and of those what is unlike the others', async () => {
  const images = [
    image('sure', 1, 0.5),
    image('unsure', 0, 0),
    image('like it', 0, 0.02),
    image('unlike', 0, 1),
  ]
  expect(await names(classifier, images, { count: 2 })).toEqual(['unsure', 'unlike'])
  const [first] = await suggestImages(classifier, images, { count: 1 })
  expect(first).toMatchObject({ uncertainty: 1, classes: [{ probability: 0.5 }, { probability: 0.5 }] })
})

it('suggests copies once, and none of what has labels', async () => {
  const images = [image('a', 0, 0), image('copy of a', 0, 0), image('labelled', 0, 1)]
  const labelled = [image('known', 0.3, 1)]
  expect(await names(classifier, images, { count: 9, labelled })).toEqual(['a'])
})

it('leaves out what cannot be read, and says so', async () => {
  const bad = { name: 'bad', load: () => Promise.reject(new DataError('bad: no image')) }
  const told: unknown[] = []
  const options = { count: 9, onImage: (error?: Error) => told.push(error?.message) }
  expect(await names(classifier, [bad, image('a', 0, 0)], options)).toEqual(['a'])
  expect(told).toEqual(['bad: no image', undefined])
})

it('has nothing to suggest without images', async () => {
  expect(await names(classifier, [], { count: 3 })).toEqual([])
})
