import sharp from 'sharp'
import { toyDataset, toySets } from '../src/core/world/datasets.js'
import { SIDE } from '../src/core/world/render.js'

// Contact sheet of the toy world: a row a data set in the order of `promptsrc toy --list`, a column a class.
// Usage: tsx tools/toy-sheet.ts FILE.png [COLUMNS] [ZOOM]

const [path = 'toy-sheet.png', columns = '12', zoom = '2'] = process.argv.slice(2)
const side = SIDE * Number(zoom)
const cell = side + 2 * Number(zoom)
const names = Object.keys(toySets)
const cells = names.flatMap((name, row) => {
  const { classNames, test } = toyDataset(name)
  const count = Math.min(Number(columns), classNames.length)
  return Array.from({ length: count }, (_, column) => {
    // Classes evenly over the list, so that both halves are seen.
    const label = Math.floor((column * classNames.length) / count)
    return { datum: test.find((datum) => datum.label === label)!, left: column * cell, top: row * cell }
  })
})
const composites = await Promise.all(
  cells.map(async ({ datum, left, top }) => {
    const { data, width, height } = await datum.load()
    const image = sharp(data, { raw: { width, height, channels: 3 } })
    return { input: await image.resize(side, side, { kernel: 'nearest' }).png().toBuffer(), left, top }
  }),
)
const frame = cell - side
await sharp({
  create: {
    width: Number(columns) * cell - frame,
    height: names.length * cell - frame,
    channels: 3,
    background: '#888',
  },
})
  .composite(composites)
  .png({ palette: true, colours: 64, dither: 0, compressionLevel: 9 })
  .toFile(path)
