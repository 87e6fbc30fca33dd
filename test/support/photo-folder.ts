import { mkdirSync } from 'node:fs'
import { cp } from 'node:fs/promises'
import { join } from 'node:path'
import sharp from 'sharp'
import { randomStream } from '../../src/core/random.js'
import { shared } from './shared-folder.js'

/** Four classes that a look at the colours tells apart, in the order of their folders. */
export const colours = {
  blue_square: [30, 60, 220],
  green_square: [40, 180, 60],
  red_square: [220, 40, 40],
  yellow_square: [240, 220, 50],
} as const

/** Class names of {@link photoFolder}. */
export const colourNames = Object.keys(colours).map((folder) => folder.replace('_', ' '))

/**
 * Writes `folder/<part>/<class>/<n>.png`: squares of four colours on grey noise, the same for every call.
 *
 * @param images images a class in each of `train` and `test`
 */
export async function photoFolder(folder: string, images = 3): Promise<string> {
  const drawn = await shared(`photos-${images}`, (made) => draw(made, images))
  await cp(drawn, folder, { recursive: true })
  return folder
}

async function draw(folder: string, images: number): Promise<void> {
  for (const part of ['train', 'test']) {
    for (const [name, colour] of Object.entries(colours)) {
      mkdirSync(join(folder, part, name), { recursive: true })
      for (let n = 0; n < images; n++) {
        await writeSquare(join(folder, part, name, `${n}.png`), colour, randomStream(1, part, name, n))
      }
    }
  }
}

async function writeSquare(
  path: string,
  colour: readonly number[],
  random: ReturnType<typeof randomStream>,
): Promise<void> {
  const side = 40
  const left = 2 + Math.floor(random.uniform() * 14)
  const top = 2 + Math.floor(random.uniform() * 14)
  const pixels = new Uint8Array(side * side * 3)
  for (let y = 0; y < side; y++) {
    for (let x = 0; x < side; x++) {
      const inside = x >= left && x < left + 22 && y >= top && y < top + 22
      for (let c = 0; c < 3; c++) {
        pixels[(y * side + x) * 3 + c] = inside ? colour[c]! : 120 + Math.floor(random.uniform() * 60)
      }
    }
  }
  await sharp(pixels, { raw: { width: side, height: side, channels: 3 } })
    .png()
    .toFile(path)
}
