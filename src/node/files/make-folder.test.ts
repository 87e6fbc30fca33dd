import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { makeFolder } from './make-folder.js'

const folder = mkdtempSync(join(tmpdir(), 'promptsrc-folder-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

it('creates a folder with those above it, and tells whether it is new', async () => {
  const path = join(folder, 'a/b/c')
  expect(await makeFolder(path)).toBe(true)
  expect(statSync(path).isDirectory()).toBe(true)
  expect(await makeFolder(path)).toBe(false)
})

it('refuses where a file is in the way', async () => {
  writeFileSync(join(folder, 'file'), '')
  await expect(makeFolder(join(folder, 'file'))).rejects.toMatchObject({ code: 'EEXIST' })
  await expect(makeFolder(join(folder, 'file/inner'))).rejects.toMatchObject({ code: 'ENOTDIR' })
})

it.skipIf(process.platform !== 'linux')('gives up on a file system that takes no folders', async () => {
  await expect(makeFolder('/proc/promptsrc/run')).rejects.toMatchObject({ code: 'ENOENT' })
})
