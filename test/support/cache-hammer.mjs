// Reads and writes a cache without pause; run several times at once by test/cache-processes.test.ts.
// Usage: node cache-hammer.mjs FOLDER MAX_BYTES SEED ROUNDS
import { createHash } from 'node:crypto'
import { DiskCache } from '../../dist/node/cache/disk-cache.js'

const [folder, maxBytes, seed, rounds] = process.argv.slice(2)
const warnings = []
const cache = new DiskCache({
  folder,
  maxBytes: Number(maxBytes),
  onWarning: (message) => warnings.push(message),
})
const hash = (text) => createHash('sha256').update(text)

/** What belongs to a key: up to 64 KiB that follow from it. */
function contentOf(key) {
  const seedBytes = hash(key).digest()
  return Buffer.alloc(1 + (seedBytes.readUInt16LE() % 65_536), seedBytes)
}

let wrong = 0
let hits = 0
for (let round = 0; round < Number(rounds); round++) {
  const entries = [0, 1, 2, 3].map((i) => hash(`${seed} ${round} ${i}`).digest().readUInt16LE() % 400)
  await Promise.all(
    entries.map(async (entry) => {
      const key = hash(`entry ${entry}`).digest('hex')
      const kind = entry % 4 === 0 ? 'image-features' : 'pixels'
      const expected = contentOf(key)
      const found = await cache.get(kind, key)
      if (!found) await cache.put(kind, key, expected)
      else if (expected.equals(found)) hits++
      else wrong++
    }),
  )
  if (round === 20) process.stdout.write('going\n')
}
process.stdout.write(`${JSON.stringify({ wrong, hits, warnings })}\n`)
