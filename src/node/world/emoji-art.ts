import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { UserError } from '../../core/errors.js'
import type { EmojiArt } from '../../core/world/emoji/art.js'
import { sheetArt } from '../../core/world/emoji/sheet.js'

/** The drawings that this package holds. Throws UserError where a sheet is missing. */
export const emojiArt: EmojiArt = sheetArt(async (style) => {
  const path = fileURLToPath(new URL(`../../../assets/emoji-art/${style}.webp`, import.meta.url))
  const bytes = await readFile(path).catch((cause) => {
    throw new UserError(`${path}: cannot be read`, { cause, hint: 'Install promptsrc again.' })
  })
  const { default: sharp } = await import('sharp')
  const { data, info } = await sharp(bytes).ensureAlpha().raw().toBuffer({ resolveWithObject: true })
  return { width: info.width, height: info.height, data }
})
