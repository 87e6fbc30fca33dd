import sharp from 'sharp'
import { expect, it } from 'vitest'
import type { Dataset, Datum } from '../core/data/dataset.js'
import { ImageError } from '../core/errors.js'
import type { RgbImage } from '../core/image/resize.js'
import { contactSheet } from './contact-sheet.js'

type Rgb = readonly [number, number, number]
const plain = ([r, g, b]: Rgb, width = 30, height = 20): RgbImage => ({
  width,
  height,
  data: Uint8Array.from({ length: width * height * 3 }, (_, i) => [r, g, b][i % 3]!),
})
const datum = (label: number, load: () => Promise<RgbImage>): Datum => ({ source: `${label}`, label, load })

function dataset(classNames: string[], train: Datum[]): Dataset {
  return { name: 'set', classNames, train, val: [], test: [] }
}

async function pixelsOf(png: Buffer) {
  const { data, info } = await sharp(png).removeAlpha().raw().toBuffer({ resolveWithObject: true })
  return {
    ...info,
    at: (x: number, y: number) => [...data.subarray((y * info.width + x) * 3, (y * info.width + x) * 3 + 3)],
  }
}

it('shows the images of each class beside each other, below its name', async () => {
  const red = datum(0, async () => plain([255, 0, 0]))
  const blue = datum(1, async () => plain([0, 0, 255], 400, 3))
  const { at, width, height } = await pixelsOf(
    await contactSheet(dataset(['red', 'blue'], [red, blue, blue])),
  )
  const [first, second, third] = [at(60, 130), at(20 + 448 + 50, 130), at(20 + 448 + 108 + 50, 130)]
  expect([first, second, third]).toEqual([
    [255, 0, 0],
    [0, 0, 255],
    [0, 0, 255],
  ])
  expect(at(60 + 108, 130)).toEqual([255, 255, 255])
  const isInk = (x: number, y: number) => at(x, y).some((value) => value < 200)
  const inked = Array.from({ length: 60 * 20 }, (_, i) => isInk(20 + (i % 60), 54 + Math.floor(i / 60)))
  expect(inked).toContain(true)
  expect([width, height]).toEqual([916, 202])
})

it('takes any class name, crosses out bad images, shows as many classes as it has room for', async () => {
  const names = [
    '<script>&"\'',
    'a\u0000\ud800b',
    'x'.repeat(500),
    ...Array.from({ length: 40 }, (_, i) => `${i}`),
  ]
  const bad = (label: number) =>
    datum(label, async () => {
      throw new ImageError('bad')
    })
  const { at, height } = await pixelsOf(
    await contactSheet(
      dataset(
        names,
        names.map((_, label) => bad(label)),
      ),
    ),
  )
  expect(at(20 + 52, 52 + 26 + 52)).toEqual([187, 0, 0])
  expect(height).toBe(52 + 8 * 150)
})

it('passes on faults that are not the image’s', async () => {
  const faulty = datum(0, async () => {
    throw new TypeError('ours')
  })
  await expect(contactSheet(dataset(['a'], [faulty]))).rejects.toThrow('ours')
})
