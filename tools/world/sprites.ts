import sharp from 'sharp'
import { artStyles, type Concept, type IconSet, iconSet } from './concepts.js'

/** Side of a sprite in pixels. */
export const SPRITE = 64

const sets = new Map<string, IconSet>()

function setOf(style: string): IconSet {
  const found = sets.get(style) ?? iconSet(style)
  sets.set(style, found)
  return found
}

/** Draws a concept in a style: RGBA, SPRITE x SPRITE, not premultiplied. */
export async function renderSprite(style: string, concept: Concept): Promise<Uint8Array> {
  const set = setOf(style)
  const name = concept.icons.get(style)!
  const icon = set.icons[name] ?? set.icons[set.aliases?.[name]?.parent ?? '']
  if (!icon) throw new RangeError(`${artStyles[style]} has no icon ${name}`)
  const width = icon.width ?? set.width ?? 16
  const height = icon.height ?? set.height ?? 16
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}">${icon.body}</svg>`
  const { data } = await sharp(Buffer.from(svg), { density: (72 * 2 * SPRITE) / Math.max(width, height) })
    .resize(SPRITE, SPRITE, { fit: 'contain', background: { r: 0, g: 0, b: 0, alpha: 0 } })
    .ensureAlpha()
    .raw()
    .toBuffer({ resolveWithObject: true })
  return new Uint8Array(data)
}
