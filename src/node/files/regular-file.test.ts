import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { UserError } from '../../core/errors.js'
import { readUnit } from '../../lab/units/unit-files.js'
import { readClassList, resolveClassNames } from '../data/class-names.js'
import { openListedFile } from '../data/listed-file.js'
import { promptsPath } from '../run.js'
import { loadPrompts } from '../runs/prompts-file.js'
import { RunDirectory, readLog, readRunConfig } from '../runs/run-directory.js'
import { openClip } from '../weights/load-clip.js'
import { loadTokenizer } from '../weights/tokenizer-files.js'
import { readRegular, readRegularText } from './regular-file.js'

const folder = mkdtempSync(join(tmpdir(), 'regular-'))
afterAll(() => rmSync(folder, { recursive: true }))

/** A folder with a pipe of that name in it, into which nobody writes. */
function withPipe(name: string): string {
  const holder = mkdtempSync(join(folder, 'case-'))
  execFileSync('mkfifo', [join(holder, name)])
  return holder
}

it('reads a file', async () => {
  writeFileSync(join(folder, 'text'), 'é')
  expect(await readRegularText(join(folder, 'text'))).toBe('é')
  expect(await readRegular(join(folder, 'text'))).toEqual(Buffer.from('é'))
})

it('fails on a folder and on nothing as the system does', async () => {
  mkdirSync(join(folder, 'folder'))
  await expect(readRegular(join(folder, 'folder'))).rejects.toMatchObject({ code: 'EISDIR' })
  await expect(readRegular(join(folder, 'nothing'))).rejects.toMatchObject({ code: 'ENOENT' })
})

describe.skipIf(process.platform === 'win32')(
  'a pipe into which nobody writes is refused by name in place of',
  () => {
    it.each<[string, string, (holder: string) => Promise<unknown>]>([
      ['a weight file', 'model.pt', (holder) => openClip(join(holder, 'model.pt'))],
      ['the weights of a folder', 'model.safetensors', openClip],
      ['a tokenizer', 'tokenizer.json', loadTokenizer],
      ['prompts', 'prompts.safetensors', async (holder) => loadPrompts(await promptsPath(holder))],
      ["a run's configuration", 'config.yaml', readRunConfig],
      ["a run's log", 'log.jsonl', readLog],
      ['a list of images', 'list.csv', (holder) => openListedFile(join(holder, 'list.csv'))],
      ["a unit's task", 'unit.json', readUnit],
      ['class names', 'names.txt', (holder) => resolveClassNames(['a'], join(holder, 'names.txt'))],
      ['a list of class names', 'names.txt', (holder) => readClassList(join(holder, 'names.txt'))],
    ])('%s', async (_, name, read) => {
      const holder = withPipe(name)
      const error = await read(holder).catch((e: unknown) => e)
      expect(error).toBeInstanceOf(UserError)
      expect(String(error)).toContain(holder)
    })

    it('a lock, which is taken over', async () => {
      const run = await RunDirectory.take(withPipe('lock'))
      await run.release()
    })
  },
)
