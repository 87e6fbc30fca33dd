import type { Dirent } from 'node:fs'
import { readdir, realpath } from 'node:fs/promises'
import { join } from 'node:path'
import { UserError } from '../../core/errors.js'
import { unitFiles } from '../units/unit-files.js'

/** Folders with runs: ours by `unit.json`, the reference's by `log.txt`. */
export interface RunFolders {
  readonly units: readonly string[]
  /** With the names of their log files, oldest first. */
  readonly logs: readonly { readonly folder: string; readonly files: readonly string[] }[]
}

/**
 * Searches folders and all below, in the order of names. A folder that is given or contained twice is searched once;
 * links below are not followed.
 *
 * @throws UserError for a given folder that is none
 */
export async function findRuns(folders: readonly string[]): Promise<RunFolders> {
  const units: string[] = []
  const logs: { folder: string; files: string[] }[] = []
  const seen = new Set<string>()
  const search = async (folder: string, real: string, entries: readonly Dirent[]): Promise<void> => {
    if (seen.has(real)) return
    seen.add(real)
    const names = entries.filter((entry) => !entry.isDirectory()).map(({ name }) => name)
    const files = names.filter(isLog).sort()
    if (names.includes(unitFiles.task)) {
      // Checkpoints and prompts lie below, no further unit.
      units.push(folder)
      return
    }
    if (files.length > 0) logs.push({ folder, files })
    for (const { name } of entries.filter((entry) => entry.isDirectory())) {
      const inner = await readdir(join(folder, name), { withFileTypes: true }).catch(() => [])
      await search(join(folder, name), join(real, name), sorted(inner))
    }
  }
  for (const folder of folders) {
    const entries = await readdir(folder, { withFileTypes: true }).catch((cause: NodeJS.ErrnoException) => {
      const what = cause.code === 'ENOENT' ? 'does not exist' : `cannot be read as a folder (${cause.code})`
      throw new UserError(`${folder} ${what}`, { hint: 'Name the folder of a benchmark.', cause })
    })
    await search(folder, await realpath(folder), sorted(entries))
  }
  return { units, logs }
}

/** Dassl writes `log.txt`, and where there is one already, `log.txt-` with the time. */
const isLog = (name: string): boolean => name === 'log.txt' || name.startsWith('log.txt-')

const sorted = (entries: readonly Dirent[]): Dirent[] =>
  [...entries].sort((a, b) => (a.name < b.name ? -1 : 1))
