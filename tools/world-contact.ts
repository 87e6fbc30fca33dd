import { mkdir } from 'node:fs/promises'
import sharp from 'sharp'
import { artStyles } from '../src/core/world/emoji/art.js'
import { plan } from './world/plan.js'
import { drawingsOf } from './world/sprite-cache.js'
import { SPRITE } from './world/sprites.js'

// Contact sheets of all concepts that are used, a row a concept with its drawings in the order of `artStyles`: what the choices in
// tools/world/curation.ts were made on. Run `npm ci --prefix tools/world` first.
// Usage: tsx tools/world-contact.ts [FOLDER]

const folder = process.argv[2] ?? 'runs/world/contact'
const [columns, rows, cell, label] = [3, 28, 44, 12]
const width = artStyles.length * cell + 16
const concepts = plan()
const drawing = await drawingsOf(concepts, 'runs/world')
await mkdir(folder, { recursive: true })
const perSheet = columns * rows
for (let sheet = 0; sheet * perSheet < concepts.length; sheet++) {
  const shown = concepts.slice(sheet * perSheet, (sheet + 1) * perSheet)
  const composites = await Promise.all(
    shown.map(async ({ name, kind, seen, unseen }, i) => {
      const [left, top] = [Math.floor(i / rows) * width, (i % rows) * (cell + label)]
      const text = `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${label}"><text x="1" y="10" font-size="11" font-family="sans-serif">${name} (${kind})</text></svg>`
      const pictures = artStyles.flatMap((style, column) =>
        seen.includes(style) || unseen.includes(style) ? [{ style, column }] : [],
      )
      return [
        { input: Buffer.from(text), left, top },
        ...(await Promise.all(
          pictures.map(async ({ style, column }) => ({
            input: await sharp(drawing(name, style), { raw: { width: SPRITE, height: SPRITE, channels: 4 } })
              .resize(cell - 2, cell - 2)
              .png()
              .toBuffer(),
            left: left + column * cell,
            top: top + label,
          })),
        )),
      ]
    }),
  )
  await sharp({
    create: { width: columns * width, height: rows * (cell + label), channels: 3, background: '#dde' },
  })
    .composite(composites.flat())
    .png()
    .toFile(`${folder}/${sheet}.png`)
}
console.log(`${concepts.length} concepts in ${folder}`)
