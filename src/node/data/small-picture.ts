import sharp from 'sharp'
import { decodePhoto } from './reading.js'

/**
 * A picture made small, upright, for a page: a WebP file of whatever can be decoded.
 *
 * @param side longest side in pixels; smaller pictures stay as they are
 * @throws ImageError as `decodeImage` does
 */
export async function smallPicture(path: string, side: number): Promise<Uint8Array<ArrayBuffer>> {
  const { width, height, data } = await decodePhoto(path, { name: path })
  const small = await sharp(data, { raw: { width, height, channels: 3 } })
    .resize(side, side, { fit: 'inside', withoutEnlargement: true })
    .webp({ quality: 82 })
    .toBuffer()
  return new Uint8Array(small)
}
