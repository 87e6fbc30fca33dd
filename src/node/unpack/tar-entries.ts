import { once } from 'node:events'
import { Parser, type ReadEntry } from 'tar'
import type { ArchiveEntry } from './archive-entry.js'

/**
 * The entries of a tar archive, compressed by gzip or not.
 *
 * @throws Error when the archive is damaged or ends too early; the gzip checksum is checked
 */
export async function* tarEntries(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<ArchiveEntry> {
  const parser = new Parser({ strict: true, brotli: false })
  const waiting: ReadEntry[] = []
  let current: ReadEntry | undefined
  let ended = false
  let whole = false
  let failure: Error | undefined
  let wake = () => {}
  const fail = (error: Error) => {
    failure ??= error
    current?.destroy(failure)
    wake()
    // The pump may wait for an entry to be read that nobody reads any more.
    parser.emit('drain')
  }
  parser.on('entry', (entry: ReadEntry) => {
    entry.on('error', () => {})
    waiting.push(entry)
    wake()
  })
  parser.on('nullBlock', () => {
    whole = true
  })
  parser.on('end', () => {
    if (!whole) return fail(new Error('it ends before its last entry'))
    ended = true
    wake()
  })
  parser.on('error', fail)

  let stopped = false
  const pump = async () => {
    for await (const chunk of bytes) {
      if (stopped || failure) return
      if (!parser.write(chunk)) await once(parser, 'drain')
    }
    if (!stopped && !failure) parser.end()
  }
  const pumping = pump().catch(fail)
  try {
    for (;;) {
      if (failure) throw failure
      const entry = waiting.shift()
      if (entry) {
        current = entry
        yield { path: entry.path, kind: kindOf(entry), size: entry.size, read: () => entry }
        if (failure) throw failure
        current = undefined
        if (!entry.emittedEnd) entry.resume()
      } else if (ended) return
      else {
        await new Promise<void>((resolve) => {
          wake = resolve
        })
      }
    }
  } finally {
    stopped = true
    parser.emit('drain')
    await pumping
  }
}

function kindOf({ type }: ReadEntry): ArchiveEntry['kind'] {
  switch (type) {
    case 'File':
    case 'OldFile':
    case 'ContiguousFile':
      return 'file'
    case 'Directory':
    case 'GNUDumpDir':
      return 'folder'
    case 'Link':
    case 'SymbolicLink':
      return 'link'
    default:
      return 'special'
  }
}
