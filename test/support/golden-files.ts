import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gunzipSync } from 'node:zlib'
import { afterAll } from 'vitest'

/** Path of a file of the reference data. */
export function goldenPath(path: string): string {
  return fileURLToPath(new URL(`../golden/${path}`, import.meta.url))
}

/** Bytes of a file of the reference data, decompressed. */
export function goldenBytes(path: string): Buffer {
  return gunzipSync(readFileSync(goldenPath(`${path}.gz`)))
}

const folders: string[] = []
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true })
})

/** A new folder for a test's files, removed after the last test of the file. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'promptsrc-test-'))
  folders.push(folder)
  return folder
}

/** Decompresses a file of the reference data into a folder. */
export function extractGolden(path: string, folder: string, name = basename(path)): string {
  const target = join(folder, name)
  mkdirSync(dirname(target), { recursive: true })
  writeFileSync(target, goldenBytes(path))
  return target
}

/** Copies an uncompressed file of the reference data into a folder. */
export function copyGolden(path: string, folder: string): void {
  mkdirSync(folder, { recursive: true })
  copyFileSync(goldenPath(path), join(folder, basename(path)))
}
