import sharp from 'sharp'
import { randomStream } from '../src/random.js'
import { drawScene, SIDE } from '../src/toy/render.js'
import { type StyleName, styles } from '../src/toy/style.js'
import { colourNames, patterns, shapes } from '../src/toy/world.js'

// Contact sheet of the toy world: a row a style, a column a shape. Usage: tsx scripts/toy-sheet.ts FILE.png

const path = process.argv[2] ?? 'toy-sheet.png'
const rows = Object.keys(styles) as StyleName[]
const zoom = 2
const cell = SIDE * zoom + 4
const images = rows.flatMap((style, row) =>
  shapes.map((shape, column) => {
    const pattern = patterns[(row + column) % patterns.length]!
    const colour = colourNames[(3 * row + column) % colourNames.length]!
    const { image } = drawScene(
      { pattern, colour, shape },
      styles[style],
      randomStream(1, 'sheet', row, column),
    )
    return { image, left: column * cell + 2, top: row * cell + 2 }
  }),
)
const composites = await Promise.all(
  images.map(async ({ image, left, top }) => ({
    input: await sharp(image.data, { raw: { width: SIDE, height: SIDE, channels: 3 } })
      .resize(SIDE * zoom, SIDE * zoom, { kernel: 'nearest' })
      .png()
      .toBuffer(),
    left,
    top,
  })),
)
await sharp({
  create: { width: shapes.length * cell, height: rows.length * cell, channels: 3, background: '#888' },
})
  .composite(composites)
  .png()
  .toFile(path)
