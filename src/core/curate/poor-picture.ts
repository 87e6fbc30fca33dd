import type { PictureFacts } from './picture-facts.js'

/** What may be wrong with a picture by itself. */
export type PoorKind = 'tiny' | 'blurred' | 'dark' | 'overexposed'

/** Share of the usual sharpness, and a sharpness, below both of which a picture is blurred. */
const BLURRED = { share: 0.1, variance: 20 }
/** A picture is dark where nearly all of it is darker than this (of 255), overexposed where nearly all is brighter. */
const DARK = 45
const BRIGHT = 240

/** What a picture is measured by. */
export interface UsualPictures {
  /** Side of what the model looks at, in pixels. */
  readonly resolution: number
  /** Median sharpness of the data. */
  readonly sharpness: number
}

/** What is wrong with a picture, and by which figures; undefined where nothing is. */
export function poorPicture(
  { width, height, sharpness, brightness }: PictureFacts,
  usual: UsualPictures,
): { readonly kind: PoorKind; readonly detail: string } | undefined {
  const least = Math.min(64, Math.max(16, usual.resolution / 4))
  if (Math.min(width, height) < least) return { kind: 'tiny', detail: `${width} x ${height} pixels` }
  if (brightness[95] < DARK)
    return { kind: 'dark', detail: `95 % of it darker than ${brightness[95].toFixed(0)} of 255` }
  if (brightness[5] > BRIGHT)
    return { kind: 'overexposed', detail: `95 % of it brighter than ${brightness[5].toFixed(0)} of 255` }
  if (sharpness < BLURRED.variance && sharpness < BLURRED.share * usual.sharpness)
    return {
      kind: 'blurred',
      detail: `sharpness ${sharpness.toFixed(1)}; ${usual.sharpness.toFixed(0)} is usual here`,
    }
  return undefined
}
