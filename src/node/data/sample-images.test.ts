import { expect, it } from 'vitest'
import type { Dataset, Datum } from '../../core/data/dataset.js'
import { sampleImages } from './sample-images.js'

const datum = (label: number, n: number): Datum => ({
  source: `/data/test/class_${label}/${n}.png`,
  label,
  // A method, as that of image files is.
  async load() {
    return { width: 1, height: 1, data: Uint8Array.of(this.label, n, 0) }
  },
})
const all = [0, 1, 2].flatMap((label) => [0, 1, 2, 3].map((n) => datum(label, n)))
const dataset: Dataset = { name: 'set', classNames: ['cat', 'fox', 'owl'], train: [], val: [], test: all }

it('spreads the sample evenly over the images of the classes', () => {
  const sample = sampleImages(dataset, ['cat', 'owl'], 4)
  expect(sample.map(({ truth }) => truth)).toEqual(['cat', 'cat', 'owl', 'owl'])
  expect(sample.map(({ name }) => name)).toEqual([
    'class_0/1.png',
    'class_0/3.png',
    'class_2/1.png',
    'class_2/3.png',
  ])
})

it('loads the images that it names', async () => {
  const images = await Promise.all(sampleImages(dataset, ['owl'], 2).map(({ load }) => load()))
  expect(images.map(({ data }) => [...data])).toEqual([
    [2, 1, 0],
    [2, 3, 0],
  ])
})

it('takes no more images than there are', () => {
  expect(sampleImages(dataset, ['fox'], 99)).toHaveLength(4)
  expect(sampleImages(dataset, ['dog'], 6)).toEqual([])
})

it('takes training images where there are no test images', () => {
  expect(sampleImages({ ...dataset, train: all, test: [] }, ['fox'], 1)[0]!.truth).toBe('fox')
})
