import { Zip, ZipDeflate, ZipPassThrough } from 'fflate'
import { UserError } from '../../core/errors.js'
import { runFiles } from '../../core/run/run-files.js'
import { type FetchOptions, fetched, MissingFileError } from '../fetched.js'
import { chosenEntries, chosenName, type FoundEntry, folderWith, readOnlyStore } from '../found-folder.js'
import type { FileStore } from '../kept/file-store.js'
import { zipEntries } from '../zip-reader.js'

/** A run that comes from elsewhere: a zip archive, the files of a chosen folder, or the address of either. */
export type RunSource = Blob | readonly File[] | URL

/**
 * A run as a zip archive to download, with the files of a run directory in a folder of that name: unpacked, the command line
 * evaluates it, predicts with it, exports it and goes on with it.
 *
 * @throws UserError when there is no run
 */
export async function zipRun(run: FileStore, name = 'run'): Promise<Blob> {
  const files = (await run.list()).sort()
  if (!files.includes(runFiles.config) && !files.includes(runFiles.prompts)) throw noRun(run.name)
  return zipFiles(run, files, name)
}

/** Files of a folder as a zip archive with a folder of that name. */
export async function zipFiles(store: FileStore, files: readonly string[], name: string): Promise<Blob> {
  const parts: Blob[] = []
  const archive = new Zip((error, chunk) => {
    if (error) throw error
    // As blobs, which browsers may move to disk.
    parts.push(new Blob([chunk as Uint8Array<ArrayBuffer>]))
  })
  for (const file of files) {
    const content = await store.read(file)
    if (!content) continue
    // Weights are no smaller deflated.
    const Entry = file.endsWith('.safetensors') ? ZipPassThrough : ZipDeflate
    const entry = new Entry(`${name}/${file}`)
    archive.add(entry)
    entry.push(new Uint8Array(await content.arrayBuffer()), true)
  }
  archive.end()
  return new Blob(parts, { type: 'application/zip' })
}

/**
 * Opens a run that comes from elsewhere, such as one that the command line trained. What is read of it is read when it is
 * needed; `copyFiles(await openRun(source), keptRun('pets'))` keeps it.
 *
 * @throws UserError when it is no run, or a damaged archive; WeightsError when it cannot be fetched
 */
export async function openRun(source: RunSource, options: FetchOptions = {}): Promise<FileStore> {
  if (source instanceof URL) {
    if (!/\.zip$/i.test(source.pathname)) return servedRun(source, options)
    return archivedRun(await (await fetched(source.href, options)).blob(), source.href)
  }
  return source instanceof Blob
    ? archivedRun(source, source instanceof File ? source.name : 'the archive')
    : runAmong(chosenEntries(source), chosenName(source))
}

async function archivedRun(archive: Blob, name: string): Promise<FileStore> {
  return runAmong(await zipEntries(archive, name), name)
}

/** The run that lies highest among files. */
function runAmong(entries: readonly FoundEntry[], name: string): FileStore {
  const found = folderWith([runFiles.config, runFiles.prompts], entries, name)
  if (!found) throw noRun(name)
  return found
}

/** A run directory on a server, which says nothing of what there is beside the files that every run may have. */
function servedRun(location: URL, options: FetchOptions): FileStore {
  const folder = new URL(location)
  if (!folder.pathname.endsWith('/')) folder.pathname += '/'
  const read = async (file: string): Promise<Blob | undefined> => {
    try {
      return await (await fetched(new URL(file, folder).href, options)).blob()
    } catch (error) {
      if (error instanceof MissingFileError) return undefined
      throw error
    }
  }
  const known = [runFiles.config, runFiles.prompts, runFiles.noneOfThese, runFiles.metrics]
  return readOnlyStore({ name: folder.href, list: async () => known, read })
}

const noRun = (name: string): UserError =>
  new UserError(`${name} holds no run: neither ${runFiles.config} nor ${runFiles.prompts}`, {
    hint: 'Choose a run directory that `promptsrc train` wrote, or a zip archive of one.',
  })
