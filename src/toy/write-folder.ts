import { join } from 'node:path'
import sharp from 'sharp'
import type { Dataset } from '../data/dataset.js'
import { writeFileAtomic } from '../files/atomic.js'

/** Writes a data set as PNG files, `folder/train/<class>/…` and `folder/test/<class>/…`; returns how many. */
export async function writeToyFolder(
  folder: string,
  { train, test, classNames }: Dataset,
  onImage?: (written: number) => void,
): Promise<number> {
  let written = 0
  for (const [part, data] of Object.entries({ train, test })) {
    for (const { label, source, load } of data) {
      const { width, height, data: pixels } = await load()
      const png = await sharp(pixels, { raw: { width, height, channels: 3 } })
        .png()
        .toBuffer()
      const file = source.split('/').at(-1)!
      await writeFileAtomic(join(folder, part, classNames[label]!.replaceAll(' ', '_'), file), png)
      onImage?.(++written)
    }
  }
  return written
}
