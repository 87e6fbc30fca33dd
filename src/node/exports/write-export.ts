import { randomBytes } from 'node:crypto'
import { mkdir, open, readdir, rename, rm, rmdir, stat, statfs } from 'node:fs/promises'
import { basename, dirname, join, relative, resolve, sep } from 'node:path'
import { UserError } from '../../core/errors.js'
import type { ExportFile } from '../../core/export/exporter.js'
import { MANIFEST, readManifest } from '../../core/export/manifest.js'
import { syncFolder, writeError } from '../files/atomic.js'
import { withFileLock } from '../files/lock.js'
import { makeFolder } from '../files/make-folder.js'
import { readRegularText } from '../files/regular-file.js'

/** Options of {@link writeExport}. */
export interface WriteExportOptions {
  /** Replace an earlier export. */
  readonly overwrite?: boolean
  readonly signal?: AbortSignal | undefined
  /** Told the bytes written and in all. */
  readonly onProgress?: (written: number, total: number) => void
}

/**
 * Checks that an export may be written to a folder: one that is new or empty, or an earlier export and nothing else where
 * that is to be replaced.
 *
 * @throws UserError where there is something else
 */
export async function checkExportFolder(
  out: string,
  { overwrite = false }: WriteExportOptions = {},
): Promise<void> {
  const found = await stat(out).catch(() => undefined)
  if (!found) return
  if (!found.isDirectory()) {
    throw new UserError(`${out} is a file; an export is a folder`, { hint: 'Name another path by --out.' })
  }
  const names = (await readdir(out)).sort()
  if (names.length === 0) return
  if (!names.includes(MANIFEST)) {
    throw new UserError(`${out} holds other files already: ${names[0]}`, {
      hint: 'Name a folder by --out that is new or empty.',
    })
  }
  if (!overwrite) {
    throw new UserError(`${out} holds an export already`, {
      hint: 'Replace it with --overwrite, or choose another folder with --out.',
    })
  }
  const path = join(out, MANIFEST)
  const known = new Set([MANIFEST, ...readManifest(path, await readRegularText(path)).files])
  const others = (await readdir(out, { recursive: true, withFileTypes: true }))
    .filter((entry) => !entry.isDirectory())
    .map((entry) => relative(out, join(entry.parentPath, entry.name)).split(sep).join('/'))
    .filter((file) => !known.has(file))
    .sort()
  if (others.length > 0) {
    throw new UserError(`${out} holds an export and other files: ${others[0]}`, {
      hint: 'Move them elsewhere, or choose another folder with --out: an export is replaced as a whole.',
    })
  }
}

/**
 * Writes an export. The folder is there whole or not at all, and an earlier export is replaced only by a whole one. What a
 * call left that was killed is cleared by the next one to the same folder.
 *
 * @throws UserError where the folder holds something else, cannot be written, or is being written already
 */
export async function writeExport(
  out: string,
  files: readonly ExportFile[],
  options: WriteExportOptions = {},
): Promise<void> {
  await checkExportFolder(out, options)
  const folder = resolve(out)
  const parent = dirname(folder)
  try {
    await makeFolder(parent)
    await withFileLock(join(parent, `.${basename(folder)}.lock`), () => replace(out, files, options), {
      refuse: ({ pid }) =>
        new UserError(`${out} is being written already, by process ${pid}`, {
          hint: 'Wait until it has ended, or name another folder with --out.',
        }),
    })
  } catch (cause) {
    throw writeError(out, cause)
  }
}

/** Writes an export beside its folder, then puts it there; nobody else does meanwhile. */
async function replace(
  out: string,
  files: readonly ExportFile[],
  options: WriteExportOptions,
): Promise<void> {
  const { signal, onProgress } = options
  const folder = resolve(out)
  const parent = dirname(folder)
  await clearUp(folder)
  await checkExportFolder(out, options)
  const total = files.reduce((sum, { size }) => sum + size, 0)
  const mark = `${basename(folder)}.${randomBytes(6).toString('hex')}`
  const temporary = join(parent, `.${mark}.tmp`)
  try {
    await checkSpace(parent, out, total)
    await mkdir(temporary)
    let written = 0
    for (const file of files) {
      await writeFile(temporary, file, (bytes) => {
        signal?.throwIfAborted()
        written += bytes
        onProgress?.(written, total)
      })
    }
    await syncFolder(temporary)
    await replaceFolder(temporary, folder, join(parent, `.${mark}.old`))
    await syncFolder(parent)
  } catch (cause) {
    await rm(temporary, { recursive: true, force: true }).catch(() => {})
    throw cause
  }
}

/** Puts back an export that a killed call had set aside, and removes what it had made. */
async function clearUp(folder: string): Promise<void> {
  const parent = dirname(folder)
  const name = basename(folder)
  const left = (await readdir(parent))
    .filter((entry) => entry.startsWith(`.${name}.`))
    .filter((entry) => /^[0-9a-f]{12}\.(tmp|old)$/.test(entry.slice(name.length + 2)))
  for (const entry of left) {
    const path = join(parent, entry)
    const isEarlier = entry.endsWith('.old') && !(await stat(folder).catch(() => undefined))
    if (isEarlier) await rename(path, folder)
    else await rm(path, { recursive: true, force: true })
  }
}

async function checkSpace(parent: string, out: string, bytes: number): Promise<void> {
  const space = await statfs(parent).catch(() => undefined)
  if (!space || space.bavail * space.bsize >= bytes) return
  const megabytes = (n: number) => `${Math.ceil(n / 1e6)} MB`
  throw new UserError(
    `cannot write ${out}: it takes ${megabytes(bytes)}, and ${megabytes(space.bavail * space.bsize)} are free`,
    { hint: 'Free some space, name a folder on another disk, or export fewer precisions: --precision q8.' },
  )
}

async function writeFile(
  folder: string,
  { path, chunks }: ExportFile,
  onBytes: (bytes: number) => void,
): Promise<void> {
  const target = join(folder, path)
  await makeFolder(dirname(target))
  const handle = await open(target, 'wx')
  try {
    for await (const chunk of chunks()) {
      await handle.writeFile(chunk)
      onBytes(chunk.length)
    }
    await handle.sync()
  } finally {
    await handle.close()
  }
}

/** Puts a folder in the place of another, which is set aside for a moment. */
async function replaceFolder(made: string, target: string, aside: string): Promise<void> {
  const names = await readdir(target).catch(() => undefined)
  if (!names) return rename(made, target)
  if (names.length === 0) {
    await rmdir(target)
    return rename(made, target)
  }
  await rename(target, aside)
  try {
    await rename(made, target)
  } catch (cause) {
    await rename(aside, target)
    throw cause
  }
  await rm(aside, { recursive: true, force: true })
}
