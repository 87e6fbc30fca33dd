import type { RgbaImage } from './sprite.js'

/** Art styles: what an artist or a company drew emoji in. Sheets and lists keep this order. */
export const artStyles = [
  'noto',
  'noto-old',
  'fluent',
  'fluent-flat',
  'twemoji',
  'emojione',
  'fxemoji',
  'streamline',
] as const

export type ArtStyle = (typeof artStyles)[number]

/** Who drew a style. Google's two are much alike, as Microsoft's are. */
export const artistOf = (style: string): string => style.replace(/-.*/, '')

/** Drawings by art style and concept, decoded by whoever can: a core knows no picture formats. */
export interface EmojiArt {
  /** @returns a square picture of a side that is a multiple of 4 */
  sprite(style: ArtStyle, concept: string): Promise<RgbaImage>
}

/** Drawings in a row of a style's sheet. */
export const SHEET_COLUMNS = 16
