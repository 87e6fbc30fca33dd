import type { DataWarning } from '../../core/data/dataset.js'
import type { Exif } from '../../core/image/orientation.js'
import type { RgbImage } from '../../core/image/resize.js'
import { type DecodeOptions, decodeImage } from './decode.js'

/** How the files of a data set become pictures. */
export interface Reading extends Pick<DecodeOptions, 'exif' | 'deepGrey'> {
  /** What decoding depends on beside the file, for caches; absent for the reading of the reference. */
  readonly key?: string
  /** Told what was made of an unusual picture. */
  readonly onRemark?: (name: string, remark: string) => void
}

/**
 * Decodes a photo of one's own, see {@link ownPhotos}.
 *
 * @param source a path, or the file's bytes
 * @throws ImageError as `decodeImage` does
 */
export function decodePhoto(
  source: string | Uint8Array,
  {
    name,
    exif = 'apply',
    onRemark,
  }: Pick<Reading, 'onRemark'> & { readonly name: string; readonly exif?: Exif | undefined },
): Promise<RgbImage> {
  const told = onRemark && { onRemark: (remark: string) => onRemark(name, remark) }
  return decodeImage(source, { name, exif, deepGrey: 'scale', ...told })
}

/** As the Python reference reads pictures: what published results were computed on. */
export const asReference: Reading = {}

/**
 * As people mean their own photos: upright where the camera noted how it was held, and grey of more than 8 bits scaled,
 * with a warning for the first picture of a kind.
 */
export function ownPhotos(
  exif: Exif = 'apply',
  onWarning?: (warning: DataWarning) => void,
): Reading & Required<Pick<Reading, 'exif' | 'deepGrey' | 'onRemark'>> {
  const told = new Set<string>()
  return {
    exif,
    deepGrey: 'scale',
    key: exif === 'apply' ? 'own photos, upright' : 'own photos, as stored',
    onRemark(name, remark) {
      if (told.has(remark)) return
      told.add(remark)
      onWarning?.({ kind: 'unusual', message: `${name}: ${remark}; others like it are not named` })
    },
  }
}
