import { expect, it } from 'vitest'
import { bytesOfStream, runModel } from '../../../test/support/model-bytes.js'
import { input } from '../graph/index.js'
import { modelFiles } from '../graph/model-file.js'
import { OpenSizes } from '../graph/open-sizes.js'
import { clipPixels, normalize, type Preprocessing, testTransform } from '../image/preprocess.js'
import type { RgbImage } from '../image/resize.js'
import { randomStream } from '../random.js'
import { canvasSide, fromCanvas } from './pictures.js'

/** Noise under a checkerboard: black and white beside each other are where a cubic overshoots. */
function picture(width: number, height: number): RgbImage {
  const random = randomStream(1, 'picture', width, height)
  const data = Uint8Array.from({ length: 3 * width * height }, (_, i) => {
    const [x, y] = [Math.floor(i / 3) % width, Math.floor(i / 3 / width)]
    return (x >> 2) % 2 === (y >> 2) % 2 ? 255 * random.uniform() : random.uniform() < 0.5 ? 0 : 255
  })
  return { width, height, data }
}

/** A picture in the corner of a canvas, as a page's library hands it over. */
function onCanvas({ width, height, data }: RgbImage, side: number): Float32Array {
  const canvas = new Float32Array(3 * side * side)
  for (let i = 0; i < data.length; i++) {
    const [x, y] = [Math.floor(i / 3) % width, Math.floor(i / 3 / width)]
    canvas[(i % 3) * side * side + y * side + x] = data[i]! + 1
  }
  expect(height).toBeLessThanOrEqual(side)
  return canvas
}

const sizes = [
  [64, 64],
  [100, 75],
  [31, 97],
  [20, 13],
  [256, 256],
  [256, 141],
  [48, 48],
  [1, 1],
  [256, 3],
] as const

it.for([
  ['shortest', 'bicubic', 48],
  ['squash', 'bicubic', 48],
  ['shortest', 'bilinear', 30],
  ['squash', 'bilinear', 150],
] as const)(
  'a picture on a canvas becomes the pixels that predict makes, by %s and %s at %i',
  async ([resize, interpolation, size]) => {
    const preprocessing: Preprocessing = { ...clipPixels, resize, interpolation, size }
    const side = canvasSide(preprocessing)
    const open = new OpenSizes('batch')
    const canvas = input('canvas', [open.size('batch'), 3, side, side])
    const files = await modelFiles(
      { pixels: fromCanvas(canvas, preprocessing) },
      { name: 'model.onnx', sizes: open },
    )
    const pictures = sizes.map(([width, height]) => picture(width, height))
    const data = new Float32Array(pictures.length * 3 * side * side)
    for (const [i, each] of pictures.entries()) data.set(onCanvas(each, side), i * 3 * side * side)
    const { pixels } = await runModel(await bytesOfStream(files.get('model.onnx')!), {
      canvas: { shape: [pictures.length, 3, side, side], data },
    })
    for (const [i, each] of pictures.entries()) {
      const expected = normalize(testTransform(each, preprocessing), preprocessing)
      const found = pixels!.data.subarray(i * expected.length, (i + 1) * expected.length)
      const differing = expected.filter((x, j) => Math.abs(x - found[j]!) > 1e-6).length
      expect(differing, `${each.width} x ${each.height}`).toBe(0)
    }
  },
)
