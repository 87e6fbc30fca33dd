import type { RgbImage } from './resize.js'

/** Whether the orientation that a camera notes beside the pixels (EXIF) is applied, or the pixels are taken as stored. */
export type Exif = 'apply' | 'ignore'

/** Both, for options. */
export const exifChoices = ['apply', 'ignore'] as const satisfies readonly Exif[]

/** Side of the squares that pixels are moved in: rows of the source and of the result then stay in the cache. */
const TILE = 32

/**
 * The picture as its EXIF orientation wants it seen (EXIF 2.32, tag 0x0112). The tag says where the first row and the first
 * column of the stored pixels belong: 1 top left, 2 top right, 3 bottom right, 4 bottom left, and with rows and columns
 * exchanged 5 left top, 6 right top, 7 right bottom, 8 left bottom.
 *
 * @param orientation 1 to 8; anything else counts as 1
 * @returns another picture, or the same one where nothing is to be done
 */
export function oriented(image: RgbImage, orientation: number): RgbImage {
  if (!Number.isInteger(orientation) || orientation < 2 || orientation > 8) return image
  const { width, height, data } = image
  const exchanged = orientation > 4
  const [newWidth, newHeight] = exchanged ? [height, width] : [width, height]
  const fromRight = [2, 3, 7, 8].includes(orientation)
  const fromBottom = [3, 4, 6, 7].includes(orientation)
  const turned = new Uint8Array(data.length)
  for (let top = 0; top < newHeight; top += TILE) {
    for (let left = 0; left < newWidth; left += TILE) {
      const bottom = Math.min(top + TILE, newHeight)
      const right = Math.min(left + TILE, newWidth)
      for (let y = top; y < bottom; y++) {
        for (let x = left; x < right; x++) {
          const column = exchanged ? y : x
          const row = exchanged ? x : y
          const storedColumn = fromRight ? width - 1 - column : column
          const storedRow = fromBottom ? height - 1 - row : row
          const from = (storedRow * width + storedColumn) * 3
          const to = (y * newWidth + x) * 3
          turned[to] = data[from] as number
          turned[to + 1] = data[from + 1] as number
          turned[to + 2] = data[from + 2] as number
        }
      }
    }
  }
  return { width: newWidth, height: newHeight, data: turned }
}
