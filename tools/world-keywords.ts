import { pools } from '../src/core/world/emoji/pools.js'
import { writeFileAtomic } from '../src/node/files/atomic.js'
import { plan } from './world/plan.js'

// Writes the keywords of the emoji world's things (src/core/world/emoji/keywords.ts): those of the captions of pre-training, of
// which two things or more have each. Run `npm ci --prefix tools/world` first.
// Usage: tsx tools/world-keywords.ts

const LINE = 104

const planned = plan()
const counts = new Map<string, number>()
for (const { tags } of planned) for (const tag of tags) counts.set(tag, (counts.get(tag) ?? 0) + 1)
const shown = new Set(Object.values(pools).flatMap((pool) => [...pool.keys()]))

const entries = planned
  .filter(({ name }) => shown.has(name))
  .sort((a, b) => (a.name < b.name ? -1 : 1))
  .flatMap(({ name, tags }) => {
    const own = tags.filter((tag) => counts.get(tag)! > 1 && !name.split(' ').includes(tag))
    return own.length > 0 ? [`${name}: ${own.join(', ')}`] : []
  })
const lines: string[] = []
for (const entry of entries) {
  const last = lines.at(-1)
  if (last !== undefined && last.length + entry.length < LINE) lines[lines.length - 1] = `${last}; ${entry}`
  else lines.push(entry)
}
await writeFileAtomic(
  'src/core/world/emoji/keywords.ts',
  `/** Words that are true of a thing and of others (from Unicode's CLDR). Written by tools/world-keywords.ts. */
export const keywords = \`${lines.join('\n')}\`
`,
)
console.log(`${entries.length} things`)
