import { type ArtStyle, type EmojiArt, SHEET_COLUMNS } from './art.js'
import { sheetOf } from './pools.js'
import type { RgbaImage } from './sprite.js'

/**
 * Drawings cut out of a sheet a style.
 *
 * @param open decodes the sheet of a style; asked once a style, when the first of its drawings is wanted
 */
export function sheetArt(open: (style: ArtStyle) => Promise<RgbaImage>): EmojiArt {
  const sheets = new Map<ArtStyle, Promise<Sheet>>()
  return {
    async sprite(style, concept) {
      const found = sheets.get(style) ?? open(style).then((image) => ({ image, places: placesOf(style) }))
      sheets.set(style, found)
      const { image, places } = await found
      const place = places.get(concept)
      if (place === undefined) throw new RangeError(`no drawing of "${concept}" in ${style}`)
      return cutOut(image, place)
    },
  }
}

interface Sheet {
  readonly image: RgbaImage
  readonly places: ReadonlyMap<string, number>
}

const placesOf = (style: ArtStyle) => new Map(sheetOf(style).map((name, i) => [name, i]))

function cutOut({ data, width }: RgbaImage, place: number): RgbaImage {
  const side = width / SHEET_COLUMNS
  const [left, top] = [(place % SHEET_COLUMNS) * side, Math.floor(place / SHEET_COLUMNS) * side]
  const pixels = new Uint8Array(side * side * 4)
  for (let y = 0; y < side; y++) {
    const start = ((top + y) * width + left) * 4
    pixels.set(data.subarray(start, start + side * 4), y * side * 4)
  }
  return { width: side, height: side, data: pixels }
}
