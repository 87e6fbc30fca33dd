import sharp from 'sharp'
import { EMOJI_SIDE } from '../src/core/world/emoji/datasets.js'
import { emojiSets } from '../src/core/world/emoji/sets.js'
import { drawnDataset } from '../src/node/world/drawn-sets.js'

// Test pictures of the emoji world: a row a set in the order of `promptsrc toy --list`, a column a class.
// Usage: tsx tools/world-sheet.ts FILE.png [COLUMNS]

const [path = 'emoji-sheet.png', columns = '12'] = process.argv.slice(2)
const cell = EMOJI_SIDE + 2
const names = Object.keys(emojiSets).filter((name) => !name.endsWith('-disjoint'))
const composites = await Promise.all(
  names.flatMap((name, row) => {
    const { classNames, test } = drawnDataset(name)
    return Array.from({ length: Number(columns) }, async (_, column) => {
      const label = Math.floor((column * classNames.length) / Number(columns))
      const { data, width, height } = await test.find((datum) => datum.label === label)!.load()
      const input = await sharp(data, { raw: { width, height, channels: 3 } })
        .png()
        .toBuffer()
      return { input, left: column * cell, top: row * cell }
    })
  }),
)
await sharp({
  create: {
    width: Number(columns) * cell - 2,
    height: names.length * cell - 2,
    channels: 3,
    background: '#888',
  },
})
  .composite(composites)
  .webp({ quality: 80 })
  .toFile(path)
