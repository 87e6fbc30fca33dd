import { existsSync, mkdtempSync, renameSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { inject } from 'vitest'
import type { TestProject } from 'vitest/node'

declare module 'vitest' {
  interface ProvidedContext {
    /** Folder of what several test files use. */
    sharedFolder: string
  }
}

/** Makes the folder before all test files and removes it after them. */
export default function setup(project: TestProject): () => void {
  const folder = mkdtempSync(join(tmpdir(), 'promptsrc-shared-'))
  project.provide('sharedFolder', folder)
  return () => rmSync(folder, { recursive: true, force: true })
}

/**
 * A folder that several test files use and none changes, made by the first that asks for it.
 *
 * @param make fills the folder it is given
 */
export async function shared(name: string, make: (folder: string) => Promise<void>): Promise<string> {
  const folder = join(inject('sharedFolder'), name)
  if (existsSync(folder)) return folder
  const made = mkdtempSync(`${folder}-`)
  await make(made)
  try {
    renameSync(made, folder)
  } catch (error) {
    // Another file's process was faster.
    if (!existsSync(folder)) throw error
    rmSync(made, { recursive: true, force: true })
  }
  return folder
}
