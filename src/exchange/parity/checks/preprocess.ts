import { join } from 'node:path'
import type { HostTensor } from '../../../core/graph/index.js'
import { cropResizeFlip } from '../../../core/image/augment.js'
import { clipPreprocessing, normalize, testTransform } from '../../../core/image/preprocess.js'
import { type RgbImage, resize } from '../../../core/image/resize.js'
import { decodeImage } from '../../../node/data/decode.js'
import { type Deviation, judged, maxDifference } from '../deviation.js'
import { readJson, readTensors } from '../golden-files.js'
import type { Check } from './check.js'

interface GoldenPreprocessing {
  readonly images: readonly { readonly file: string }[]
  readonly resized_crops: readonly {
    readonly key: string
    readonly file: string
    readonly i: number
    readonly j: number
    readonly h: number
    readonly w: number
    readonly size: number
    readonly hflip: boolean
  }[]
  readonly bicubic_resize: readonly {
    readonly input: string
    readonly output: string
    readonly out_w: number
    readonly out_h: number
  }[]
}

/** JPEG decoders differ among themselves by a level; everything else is exact. */
const JPEG_LEVELS = 1
/** Largest error of normalised values, which have the rounding of float32. */
const NORMALIZED = 1e-6

/** Decoding, the test transform, crops and resizes. Transforms start from the stored pixels where there are some. */
export const preprocessCheck: Check = {
  name: 'preprocess',
  path: 'preprocess/preprocess.json',
  async *run({ root }) {
    const folder = join(root, 'preprocess')
    const golden = await readJson<GoldenPreprocessing>(join(root, this.path))
    const tensors = (name: string) => readTensors(join(folder, `${name}.safetensors.gz`))
    const stored = await tensors('decoded_rgb_u8')
    const key = (file: string) => file.replace(/^images\//, '')

    const sources = new Map<string, RgbImage>()
    const decoding: Deviation[] = []
    for (const { file } of golden.images) {
      const own = await decodeImage(join(folder, file))
      const expected = stored.get(key(file))
      // Plain RGB files without loss have one decoding, which is not stored.
      sources.set(key(file), expected ? imageOf(expected) : own)
      if (!expected) continue
      const tolerance = /\.jpe?g$/i.test(file) ? JPEG_LEVELS : 0
      decoding.push({ name: key(file), error: maxDifference(own.data, expected.data), tolerance })
    }
    yield judged('preprocess/decoding', decoding)
    const source = (name: string) => sources.get(name)!

    const pixels = [...(await tensors('test_transform_224_u8'))].map(([name, { shape, data }]) => {
      const error = maxDifference(testTransform(source(name), clipPreprocessing(shape[0]!)), data)
      return { name, error, tolerance: 0 }
    })
    yield judged('preprocess/test transform, pixels', pixels)

    for (const size of [224, 64]) {
      const values = [...(await tensors(`test_transform_${size}_f32`))].map(([name, { shape, data }]) => {
        const form = clipPreprocessing(shape[1]!)
        const error = maxDifference(normalize(testTransform(source(name), form), form), data)
        return { name, error, tolerance: NORMALIZED }
      })
      yield judged(`preprocess/test transform, normalised, ${size}`, values)
    }

    const cropped = await tensors('resized_crop_u8')
    const crops = golden.resized_crops.map(({ key: name, file, i, j, h, w, size, hflip }) => {
      const box = { left: j, top: i, width: w, height: h }
      const data = cropResizeFlip(source(key(file)), box, clipPreprocessing(size), hflip)
      return { name, error: maxDifference(data, cropped.get(name)!.data), tolerance: 0 }
    })
    yield judged('preprocess/resized crops', crops)

    const resized = await tensors('bicubic_resize_u8')
    const resizes = golden.bicubic_resize.map(({ input, output, out_w, out_h }) => {
      const { data } = resize(imageOf(resized.get(input)!), out_w, out_h)
      return { name: output, error: maxDifference(data, resized.get(output)!.data), tolerance: 0 }
    })
    yield judged('preprocess/bicubic resize', resizes)
  },
}

/** Stored pixels [height, width, 3] as an image. */
function imageOf({ shape, data }: HostTensor): RgbImage {
  return { height: shape[0]!, width: shape[1]!, data: Uint8Array.from(data) }
}
