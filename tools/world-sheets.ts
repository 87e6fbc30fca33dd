import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import sharp from 'sharp'
import { artStyles, SHEET_COLUMNS } from '../src/core/world/emoji/art.js'
import { writeFileAtomic } from '../src/node/files/atomic.js'
import { type PlannedConcept, plan } from './world/plan.js'
import { drawingsOf } from './world/sprite-cache.js'
import { SPRITE } from './world/sprites.js'

// Writes what the package ships of the emoji world: the list of drawings that pre-training never sees
// (src/core/world/emoji/drawings.ts) and a sheet of them an art style (assets/emoji-art). Run `npm ci --prefix tools/world` first.
// Usage: tsx tools/world-sheets.ts

const planned = plan()
const drawing = await drawingsOf(planned, 'runs/world')
const folder = 'assets/emoji-art'
await mkdir(folder, { recursive: true })

const pools = [...new Set(planned.map(({ kind }) => kind))].sort()
const members = (pool: string): PlannedConcept[] =>
  planned.filter(({ kind }) => kind === pool).sort((a, b) => (a.name < b.name ? -1 : 1))

const letters = ({ unseen }: PlannedConcept): string =>
  artStyles.flatMap((style, i) => (unseen.includes(style) ? String.fromCharCode(97 + i) : [])).join('')

function lines(entries: readonly string[]): string[] {
  const result: string[] = []
  for (const entry of entries) {
    const last = result.at(-1)
    if (last !== undefined && last.length + entry.length < 104)
      result[result.length - 1] = `${last}, ${entry}`
    else result.push(entry)
  }
  return result
}

const text = pools.map((pool) => {
  const entries = members(pool).map((concept) => `${concept.name} ${letters(concept)}`)
  return `  ${pool}: \`${lines(entries).join('\n')}\`,\n`
})
await writeFileAtomic(
  'src/core/world/emoji/drawings.ts',
  `/**
 * Concepts by pool, each with the art styles (letters in the order of \`artStyles\`) in which pre-training never sees it. Written
 * by tools/world-sheets.ts.
 */
export const drawings = {
${text.join('')}}
`,
)

let bytes = 0
for (const style of artStyles) {
  const shown = pools.flatMap(members).filter(({ unseen }) => unseen.includes(style))
  const rows = Math.ceil(shown.length / SHEET_COLUMNS)
  const width = SHEET_COLUMNS * SPRITE
  const sheet = Buffer.alloc(width * rows * SPRITE * 4)
  for (const [i, { name }] of shown.entries()) {
    const data = drawing(name, style)
    const [left, top] = [(i % SHEET_COLUMNS) * SPRITE, Math.floor(i / SHEET_COLUMNS) * SPRITE]
    for (let y = 0; y < SPRITE; y++)
      sheet.set(data.subarray(y * SPRITE * 4, (y + 1) * SPRITE * 4), ((top + y) * width + left) * 4)
  }
  const file = await sharp(sheet, { raw: { width, height: rows * SPRITE, channels: 4 } })
    .webp({ quality: 85, alphaQuality: 90, effort: 6 })
    .toBuffer()
  await writeFileAtomic(join(folder, `${style}.webp`), file)
  bytes += file.length
  console.log(`${style}: ${shown.length} drawings, ${(file.length / 1024).toFixed(0)} KB`)
}
console.log(`${(bytes / 2 ** 20).toFixed(2)} MB`)
