import type { EmojiArt } from '../core/world/emoji/art.js'
import { sheetArt } from '../core/world/emoji/sheet.js'
import { type FetchOptions, fetched } from './fetched.js'

/**
 * The drawings of the emoji world from where a page's server has the package's folder `assets/emoji-art`. A browser rounds
 * colours where a drawing is half transparent: pictures may be a level away from those of Node.
 *
 * Sprites throw WeightsError where a sheet cannot be fetched.
 *
 * @param base address of that folder, for example `/emoji-art/`
 */
export function emojiArt(base: string, options: FetchOptions = {}): EmojiArt {
  const folder = base.endsWith('/') ? base : `${base}/`
  return sheetArt(async (style) => {
    const response = await fetched(`${folder}${style}.webp`, options)
    const bitmap = await createImageBitmap(await response.blob(), {
      colorSpaceConversion: 'none',
      premultiplyAlpha: 'none',
    })
    try {
      const { width, height } = bitmap
      const context = new OffscreenCanvas(width, height).getContext('2d')!
      context.drawImage(bitmap, 0, 0)
      return { width, height, data: context.getImageData(0, 0, width, height).data }
    } finally {
      bitmap.close()
    }
  })
}
