import { createHash } from 'node:crypto'
import { readFile, realpath, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { gunzip, gzip } from 'node:zlib'
import * as z from 'zod'
import { writeFileAtomic } from '../files/atomic.js'

/** A folder of images that stands for a class; names in code-point order. */
export interface ClassFolder {
  readonly name: string
  readonly images: readonly string[]
}

/** What the class folders of a data set hold. */
export interface FolderIndex {
  readonly classes: readonly ClassFolder[]
  /** Files of other types than images, in all class folders together. */
  readonly others: number
}

/** When class folders were last changed. */
export interface FolderTimes {
  /** By name, in nanoseconds as decimal digits, which JSON keeps exactly. */
  readonly changed: ReadonlyMap<string, string>
  /** Whether all changes are so long ago that a further one would show. */
  readonly settled: boolean
}

/** Folders changed less than this before they were read may change again within the clock's grain, unseen. */
const restlessMs = 2000
/** Five times the names of all of ImageNet. */
const largest = 2 ** 27

const header = z.strictObject({
  format: z.literal(1),
  path: z.string(),
  others: z.number().int().min(0),
  /** Name, time of the last change, number of images. */
  folders: z.array(z.tuple([z.string(), z.string(), z.number().int().min(1)])),
})

export async function folderTimes(path: string, names: readonly string[]): Promise<FolderTimes> {
  const now = Date.now()
  const changed = await Promise.all(
    names.map(async (name) => {
      const info = await stat(join(path, name), { bigint: true }).catch(() => undefined)
      return [name, String(info?.mtimeNs ?? 'unknown')] as const
    }),
  )
  const newest = changed.reduce((latest, [, time]) => Math.max(latest, Number(time) / 1e6), 0)
  return { changed: new Map(changed), settled: now - newest > restlessMs }
}

/** The index of a folder where there is one that holds; one that is damaged or of another time is as none. */
export async function readIndex(
  indexFolder: string,
  path: string,
  { changed }: FolderTimes,
): Promise<FolderIndex | undefined> {
  try {
    const real = await realpath(path)
    const packed = await readFile(indexPath(indexFolder, real))
    const text = (await promisify(gunzip)(packed, { maxOutputLength: largest })).toString()
    const end = text.indexOf('\n')
    const { path: indexed, others, folders } = header.parse(JSON.parse(text.slice(0, end)))
    const holds =
      indexed === real &&
      folders.length === changed.size &&
      folders.every(([name, time]) => changed.get(name) === time)
    if (!holds) return undefined
    const names = text.slice(end + 1).split('\n')
    let start = 0
    const classes = folders.map(([name, , count]) => {
      const images = names.slice(start, start + count)
      start += count
      return { name, images }
    })
    // A name that is a path would leave its folder.
    if (start !== names.length || text.indexOf('/', end) >= 0) return undefined
    return { classes, others }
  } catch {
    return undefined
  }
}

/** Keeps an index for later runs. Where that cannot be done, they read the folders again. */
export async function writeIndex(
  indexFolder: string,
  path: string,
  { changed, settled }: FolderTimes,
  { classes, others }: FolderIndex,
): Promise<void> {
  if (!settled) return
  const folders = classes.map(({ name, images }): [string, string, number] => [
    name,
    changed.get(name)!,
    images.length,
  ])
  const lines = classes.map(({ images }) => images.join('\n'))
  // A line break in a name would make two of it.
  if (classes.some(({ images }) => images.some((name) => name.includes('\n')))) return
  try {
    const real = await realpath(path)
    const first = JSON.stringify({ format: 1, path: real, others, folders } satisfies z.input<typeof header>)
    const packed = await promisify(gzip)([first, ...lines].join('\n'), { level: 1 })
    await writeFileAtomic(indexPath(indexFolder, real), packed)
  } catch {
    // Only time is lost: a cache that cannot be written must not stop the work.
  }
}

function indexPath(indexFolder: string, real: string): string {
  return join(indexFolder, `${createHash('sha256').update(real).digest('hex').slice(0, 32)}.gz`)
}
