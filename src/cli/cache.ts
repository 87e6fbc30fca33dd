import { rm } from 'node:fs/promises'
import { Command } from 'commander'
import { ConfigError } from '../core/errors.js'
import { formatTable } from '../lab/results/formats/text-table.js'
import { answersFolder, cacheSettings, listingsFolder } from '../node/cache/cache-settings.js'
import { type CacheUsage, DiskCache } from '../node/cache/disk-cache.js'

const examples = `
Examples:
  $ promptsrc cache
  $ promptsrc cache clear

Variables:
  PROMPTSRC_CACHE      folder above the cache; off: nothing is cached
  PROMPTSRC_CACHE_GB   size at most, in gigabytes (default: 4)`

/** `promptsrc cache`: what is kept of images and texts between calls, and how to remove it. */
export function cacheCommand(): Command {
  return new Command('cache')
    .argument('[action]', 'clear: remove everything that is cached')
    .option('--json', 'print as JSON')
    .addHelpText('after', examples)
    .action(cache)
}

async function cache(action: string | undefined, { json }: { json?: boolean }): Promise<void> {
  if (action !== undefined && action !== 'clear') {
    throw new ConfigError(`cache ${action}: unknown action`, { hint: 'There is `promptsrc cache clear`.' })
  }
  const { folder, maxBytes } = cacheSettings()
  const disk = new DiskCache({ folder, maxBytes })
  const kinds = await disk.usage()
  const bytes = kinds.reduce((sum, kind) => sum + kind.bytes, 0)
  if (action === 'clear') {
    await disk.clear()
    for (const kept of [listingsFolder({ folder, maxBytes }), answersFolder({ folder, maxBytes })]) {
      if (kept) await rm(kept, { recursive: true, force: true })
    }
  }
  const facts = { folder, maxBytes, bytes, kinds }
  if (json) process.stdout.write(`${JSON.stringify(action ? { folder, removedBytes: bytes } : facts)}\n`)
  else if (action) process.stdout.write(`removed ${size(bytes)} from ${folder}\n`)
  else process.stdout.write(`${shown(facts)}\n`)
}

function shown({ folder, maxBytes, bytes, kinds }: CacheFacts): string {
  const bound = maxBytes === 0 ? 'off: nothing is cached' : `at most ${size(maxBytes)}`
  const rows = kinds.map((kind) => [kind.kind.replace('-', ' '), `${kind.entries}`, size(kind.bytes)])
  return `folder  ${folder}\nsize    ${size(bytes)}, ${bound}\n\n${formatTable(['kind', 'entries', 'size'], rows)}`
}

interface CacheFacts {
  readonly folder: string
  readonly maxBytes: number
  readonly bytes: number
  readonly kinds: readonly CacheUsage[]
}

function size(bytes: number): string {
  const units = ['B', 'KB', 'MB', 'GB']
  const at = Math.min(units.length - 1, Math.floor(Math.log10(Math.max(1, bytes)) / 3))
  return `${(bytes / 1000 ** at).toFixed(at === 0 ? 0 : 1)} ${units[at]}`
}
