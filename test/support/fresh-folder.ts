import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach } from 'vitest'

/** Gives each test of a file an empty folder of its own; all are removed in the end. */
export function freshFolder(use: (folder: string) => void): void {
  let base: string
  beforeAll(() => {
    base = mkdtempSync(join(tmpdir(), 'promptsrc-test-'))
  })
  beforeEach(() => use(mkdtempSync(join(base, 'case-'))))
  afterAll(() => rmSync(base, { recursive: true, force: true }))
}
