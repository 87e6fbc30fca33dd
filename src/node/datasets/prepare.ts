import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import * as z from 'zod'
import type { DatasetSource } from '../data/dataset-source.js'
import { writeFileAtomic } from '../files/atomic.js'
import { withFileLock } from '../files/lock.js'
import { readRegularText } from '../files/regular-file.js'
import { type Unpacked, unpackArchive } from '../unpack/unpack.js'
import { archives, type SourceArchive } from './archives.js'
import { inspectFiles } from './inspect.js'

/** An archive of a data set that is there. */
export interface FoundArchive {
  /** Relative to the data set's folder. */
  readonly file: string
  readonly size: number
  readonly modified: number
  /** Whether it was unpacked as a whole before. */
  readonly unpacked: boolean
  readonly place: SourceArchive['place']
}

/** An archive after {@link prepareDataset}. */
export interface PreparedArchive {
  readonly file: string
  /** Undefined where it had been unpacked before. */
  readonly result: Unpacked | undefined
}

/** Options of {@link prepareDataset}. */
export interface PrepareOptions {
  readonly signal?: AbortSignal | undefined
  /** Bytes of an archive that were read, and how many it has. */
  readonly onProgress?: ((file: string, read: number, size: number) => void) | undefined
  /** Unpack again what was unpacked before; files that are there stay. */
  readonly again?: boolean | undefined
}

/** Archives of a published data set's makers in its folder, in the order in which they are unpacked. */
export async function findArchives(
  { name, folder }: Pick<DatasetSource, 'name' | 'folder'>,
  root: string,
): Promise<FoundArchive[]> {
  const path = join(root, folder)
  const done = await readRecord(path)
  const found: FoundArchive[] = []
  for (const { files, place } of archives[name] ?? []) {
    for (const file of files) {
      const info = await stat(join(path, file)).catch(() => undefined)
      if (!info?.isFile()) continue
      const { size, mtimeMs: modified } = info
      const before = done.get(file)
      const unpacked = before?.size === size && before.modified === modified
      found.push({ file, size, modified, unpacked, place })
    }
  }
  return found
}

/**
 * Unpacks the archives of a published data set that lie in its folder into the documented layout. Interrupted, it goes
 * on when it is called again.
 *
 * @throws UserError when an archive cannot be unpacked
 */
export async function prepareDataset(
  source: DatasetSource,
  root: string,
  { signal, onProgress, again = false }: PrepareOptions = {},
): Promise<PreparedArchive[]> {
  const folder = join(root, source.folder)
  if (!(await stat(folder).catch(() => undefined))) return []
  const unpackAll = async () => {
    const prepared = new Map<string, PreparedArchive>()
    // An archive may hold another one: look again after each.
    for (;;) {
      const next = (await findArchives(source, root)).find(({ file }) => !prepared.has(file))
      if (!next) return [...prepared.values()]
      const { file, size, modified, unpacked, place } = next
      let result: Unpacked | undefined
      if (!unpacked || again || !(await inspectFiles(source, root)).complete) {
        result = await unpackArchive(join(folder, file), folder, {
          ...(place ? { place: await place(folder) } : {}),
          signal,
          onProgress: onProgress && ((read) => onProgress(file, read, size)),
        })
        await writeRecord(folder, file, { size, modified })
      }
      prepared.set(file, { file, result })
    }
  }
  return withFileLock(join(folder, '.unpacking.lock'), unpackAll, signal ? { signal } : {})
}

const recordFile = '.unpacked.json'
const record = z.record(z.string(), z.object({ size: z.number(), modified: z.number() }))
type Done = z.infer<typeof record>[string]

/** What was unpacked before; a record that cannot be read says nothing. */
async function readRecord(folder: string): Promise<Map<string, Done>> {
  try {
    return new Map(Object.entries(record.parse(JSON.parse(await readRegularText(join(folder, recordFile))))))
  } catch {
    return new Map()
  }
}

async function writeRecord(folder: string, file: string, done: Done): Promise<void> {
  const all = (await readRecord(folder)).set(file, done)
  await writeFileAtomic(join(folder, recordFile), `${JSON.stringify(Object.fromEntries(all), null, 2)}\n`)
}
