import { expect, it } from 'vitest'
import type { Dataset, Datum } from '../data/dataset.js'
import { fewShot } from '../data/few-shot.js'
import { heldOutImages } from './held-out-images.js'

const images = (part: string, count: number): Datum[] =>
  [0, 1].flatMap((label) =>
    Array.from({ length: count }, (_, i) => ({
      source: `${part}/${label}/${i}`,
      label,
      load: async () => {
        throw new Error('not needed')
      },
    })),
  )
const dataset = (parts: Partial<Dataset>): Dataset => ({
  name: 'd',
  classNames: ['a', 'b'],
  train: images('train', 6),
  val: [],
  test: images('test', 3),
  ...parts,
})
const sources = (data: readonly Datum[]) => data.map(({ source }) => source)
const settings = { shots: 4, seed: 1, classes: 'all' } as const

it('takes the validation part where there is one', async () => {
  const found = await heldOutImages(dataset({ val: images('val', 2) }), settings)
  expect(found.part).toBe('val')
  expect(sources(found.images)).toEqual(sources(images('val', 2)))
})

it('takes the training images that were no shots else, and never a test image', async () => {
  const data = dataset({})
  const shots = sources(fewShot(data, 4, 1).train)
  const { part, images: found } = await heldOutImages(data, settings)
  expect(part).toBe('train')
  expect(sources(found)).toEqual(sources(data.train).filter((source) => !shots.includes(source)))
  expect(found).toHaveLength(4)
  const mixed = await heldOutImages(dataset({ test: data.train }), settings)
  expect(mixed.images).toEqual([])
})

it('has none where every training image was a shot', async () => {
  expect((await heldOutImages(dataset({}), { ...settings, shots: 16 })).images).toEqual([])
})

it('takes images of the trained classes alone, under their labels', async () => {
  const { images: found } = await heldOutImages(dataset({ val: images('val', 2) }), {
    ...settings,
    classes: 'novel',
  })
  expect(found.map(({ source, label }) => [source, label])).toEqual([
    ['val/1/0', 0],
    ['val/1/1', 0],
  ])
})

it('takes 500 of more, spread over all of them', async () => {
  const { images: found } = await heldOutImages(dataset({ val: images('val', 600) }), settings)
  expect(found).toHaveLength(500)
  expect(found.filter(({ label }) => label === 0)).toHaveLength(250)
  expect(new Set(sources(found)).size).toBe(500)
})
