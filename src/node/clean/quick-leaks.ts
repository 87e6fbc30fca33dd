import { open, stat } from 'node:fs/promises'
import type { Dataset } from '../../core/data/dataset.js'
import { FileDatum } from '../data/file-datum.js'
import { sameContent } from '../sort/transfer.js'

/** Pictures whose sizes are asked for, and of those of equal size, whose beginnings are read: bounds the time to seconds. */
const MOST_FILES = 20_000
const MOST_READ = 4000
/** Bytes that tell most pictures of one size apart. */
const BEGINNING = 4096
/** Files looked at side by side. */
const AT_ONCE = 64

/** Files of train and test with the same bytes. */
export interface QuickLeaks {
  readonly train: string
  readonly test: string
  /** Pictures of train that are in test as well; that many at least, where there are more pictures than are looked at. */
  readonly count: number
}

/**
 * Whether some file of train is in test as well, byte by byte: the quick part of what `promptsrc clean` looks for. Reads hardly more than
 * sizes; of data with more than 20,000 pictures so many are looked at. What cannot be read is left to whoever needs it.
 */
export async function quickLeaks({
  train,
  test,
}: Pick<Dataset, 'train' | 'test'>): Promise<QuickLeaks | undefined> {
  const sources = (data: Dataset['train'], most: number) =>
    data.flatMap((datum) => (datum instanceof FileDatum ? [datum.source] : [])).slice(0, most)
  const tested = sources(test, MOST_FILES / 2)
  const bySize = groupedBy(tested, await each(tested, sizeOf))
  const trained = sources(train, MOST_FILES - tested.length)
  const sizes = await each(trained, sizeOf)
  const suspects = trained
    .filter((_, i) => sizes[i] !== undefined && bySize.has(sizes[i]!))
    .slice(0, MOST_READ)
  const suspectSizes = new Map(trained.map((source, i) => [source, sizes[i]]))
  const wanted = new Set(suspects.map((source) => suspectSizes.get(source)))
  const others = [...bySize].flatMap(([size, files]) => (wanted.has(size) ? files : [])).slice(0, MOST_READ)
  const byBeginning = groupedBy(others, await each(others, beginningOf))
  const beginnings = await each(suspects, beginningOf)
  const pairs: { train: string; test: string }[] = []
  for (const [i, source] of suspects.entries()) {
    for (const other of (beginnings[i] !== undefined && byBeginning.get(beginnings[i]!)) || []) {
      if (source === other || !(await sameContent(source, other).catch(() => false))) continue
      pairs.push({ train: source, test: other })
      break
    }
  }
  return pairs[0] && { ...pairs[0], count: pairs.length }
}

async function each<T>(sources: readonly string[], look: (source: string) => Promise<T>): Promise<T[]> {
  const found: T[] = []
  for (let start = 0; start < sources.length; start += AT_ONCE) {
    found.push(...(await Promise.all(sources.slice(start, start + AT_ONCE).map(look))))
  }
  return found
}

function groupedBy(sources: readonly string[], keys: readonly (string | undefined)[]): Map<string, string[]> {
  const groups = new Map<string, string[]>()
  for (const [i, source] of sources.entries()) {
    const key = keys[i]
    if (key !== undefined) groups.set(key, [...(groups.get(key) ?? []), source])
  }
  return groups
}

const sizeOf = async (source: string): Promise<string | undefined> =>
  stat(source).then(
    ({ size }) => `${size}`,
    () => undefined,
  )

async function beginningOf(source: string): Promise<string | undefined> {
  try {
    const handle = await open(source)
    try {
      const { size } = await handle.stat()
      const { buffer, bytesRead } = await handle.read(Buffer.alloc(BEGINNING), 0, BEGINNING, 0)
      return `${size} ${buffer.subarray(0, bytesRead).toString('base64')}`
    } finally {
      await handle.close()
    }
  } catch {
    return undefined
  }
}
