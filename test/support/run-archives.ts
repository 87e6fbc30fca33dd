import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { memoryFiles } from '../../src/web/kept/file-store.js'
import { openRun, zipRun } from '../../src/web/run/run-archive.js'

// Runs between a page of the tests and the disk, as archives in base64.

/** Writes the run of an archive into a folder. */
export async function unpackRun(archive: string, folder: string): Promise<void> {
  const run = await openRun(new Blob([Buffer.from(archive, 'base64')]))
  for (const file of await run.list()) {
    const path = join(folder, file)
    await mkdir(dirname(path), { recursive: true })
    await writeFile(path, Buffer.from(await (await run.read(file))!.arrayBuffer()))
  }
}

/** An archive of some of a run directory's files. */
export async function packRun(folder: string, files: readonly string[]): Promise<string> {
  const contents = files.map(async (file) => [file, await readFile(join(folder, file))] as const)
  const archive = await zipRun(memoryFiles(await Promise.all(contents)))
  return Buffer.from(await archive.arrayBuffer()).toString('base64')
}
