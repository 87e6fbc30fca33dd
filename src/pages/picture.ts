import type { RgbImage } from '../core/image/resize.js'

/** Longest side of an embedded picture, in pixels: twice that of its place on the page. */
const LARGEST = 360
/** Pictures up to this side are shown with their pixels. */
const SMALL = 96

/** Whether a picture is so small that it is shown with its pixels. */
export const isPixelated = ({ width, height }: RgbImage): boolean => Math.max(width, height) <= SMALL

/** A picture as a PNG inside the page. */
export async function dataUri({ width, height, data }: RgbImage): Promise<string> {
  const { default: sharp } = await import('sharp')
  const png = await sharp(data, { raw: { width, height, channels: 3 } })
    .resize(LARGEST, LARGEST, { fit: 'inside', withoutEnlargement: true })
    .png({ palette: false, compressionLevel: 9 })
    .toBuffer()
  return `data:image/png;base64,${png.toString('base64')}`
}
