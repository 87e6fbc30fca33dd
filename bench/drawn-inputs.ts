import { existsSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import sharp from 'sharp'
import { sizeOf } from '../src/core/graph/index.js'
import { randomStream } from '../src/core/random.js'
import { backbones, clipShapes, randomValues } from '../src/core/weights/random-clip.js'
import { writeSafetensors } from '../src/node/weights/safetensors-file.js'

/** A drawn photo of a class: soft blots that lean towards the class's colour, under fine noise. */
export interface DrawnPhoto {
  readonly path: string
  readonly label: number
}

const WIDTH = 500
const HEIGHT = 375
const BLOTS = { width: 50, height: 38, channels: 3 } as const

/** Writes a JPEG of 500 x 375 with a photo's amount of detail, the same for every call. */
export async function drawPhoto({ path, label }: DrawnPhoto, key: string | number): Promise<void> {
  const random = randomStream(1, 'photo', label, key)
  const colour = randomStream(1, 'colour', label)
  const tint = [0, 1, 2].map(() => colour.integer(256))
  const blots = Uint8Array.from(
    { length: BLOTS.width * BLOTS.height * 3 },
    (_, i) => (random.integer(256) + tint[i % 3]!) >> 1,
  )
  const soft = await sharp(blots, { raw: BLOTS }).resize(WIDTH, HEIGHT, { fit: 'fill' }).raw().toBuffer()
  const noisy = soft.map((value) => Math.max(0, Math.min(255, value + random.integer(25) - 12)))
  const raw = { width: WIDTH, height: HEIGHT, channels: 3 } as const
  await mkdir(dirname(path), { recursive: true })
  await writeFile(path, await sharp(noisy, { raw }).jpeg({ quality: 90 }).toBuffer())
}

/** Images of a class in each part of a folder of photos. */
export interface DrawnFolder {
  readonly classes: number
  readonly train: number
  readonly test: number
}

/** Writes `folder/<part>/<class>/<n>.jpg`. */
export async function drawPhotos(folder: string, { classes, ...parts }: DrawnFolder): Promise<void> {
  for (let label = 0; label < classes; label++) {
    for (const part of ['train', 'test'] as const) {
      for (let n = 0; n < parts[part]; n++) {
        await drawPhoto({ path: join(folder, part, `class ${label}`, `${n}.jpg`), label }, `${part} ${n}`)
      }
    }
  }
}

/**
 * A file of a published model's sizes with random weights, in half precision as published ones are; written once.
 *
 * @throws RangeError for a backbone that is not known
 */
export async function randomWeights(backbone: string, folder: string): Promise<string> {
  if (!Object.hasOwn(backbones, backbone)) {
    throw new RangeError(`unknown backbone ${backbone}; there are ${Object.keys(backbones).join(', ')}`)
  }
  const path = join(folder, `${backbone.replace('/', '-')}.safetensors`)
  if (existsSync(path)) return path
  const shapes = clipShapes(backbones[backbone as keyof typeof backbones])
  const tensors = [...shapes].map(([name, shape]) => {
    return [name, { dtype: 'float16' as const, shape, data: randomValues(name, sizeOf(shape)) }] as const
  })
  await mkdir(folder, { recursive: true })
  await writeSafetensors(path, new Map(tensors))
  return path
}
