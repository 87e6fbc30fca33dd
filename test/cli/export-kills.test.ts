import { mkdtemp, readdir, readFile, rename, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { checkExport, readManifest } from '../../src/core/export/manifest.js'
import { promptsrc, startPromptsrc } from '../support/command.js'
import { trainedRun } from '../support/trained-run.js'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'promptsrc-export-kills-'))
  await trainedRun(folder)
})
afterAll(() => rm(folder, { recursive: true, force: true }))

const options = ['export', 'run', '--format', 'transformers-js', '--out', 'model']
const hidden = async () => (await readdir(folder)).filter((name) => name.startsWith('.')).sort()

/** Ends an export when it has begun to write. */
async function killed(...more: string[]): Promise<void> {
  const { process, ended } = startPromptsrc(folder, [...options, ...more])
  const hasBegun = async () => {
    const made = (await readdir(folder)).find((name) => name.endsWith('.tmp'))
    return made !== undefined && (await readdir(join(folder, made)).catch(() => [])).length > 0
  }
  while (process.exitCode === null && !(await hasBegun())) await setImmediate()
  process.kill('SIGKILL')
  expect((await ended).signal).toBe('SIGKILL')
}

/** The classes of the export, all of its models held against its manifest. */
async function wholeClasses(): Promise<readonly string[]> {
  const path = join(folder, 'model')
  const manifest = readManifest(path, await readFile(join(path, 'promptsrc.json'), 'utf8'))
  await checkExport(path, manifest, async (name) => {
    const bytes = await readFile(join(path, name))
    return {
      size: bytes.length,
      async *chunks() {
        yield bytes
      },
    }
  })
  return manifest.classes
}

it('an export that is killed leaves no half folder, and the next one clears up after it', async () => {
  await killed()
  expect(await stat(join(folder, 'model')).catch(() => undefined)).toBeUndefined()
  expect(await hidden()).toEqual([expect.stringMatching(/^\.model\.[0-9a-f]{12}\.tmp$/), '.model.lock'])
  const { code, stderr } = await promptsrc(folder, ...options)
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  expect(await wholeClasses()).toHaveLength(4)
  expect(await hidden()).toEqual([])
})

it('an export that is killed while it replaces another leaves the other whole', async () => {
  const before = await wholeClasses()
  await killed('--overwrite', '--add-class', 'a fox')
  expect(await wholeClasses()).toEqual(before)
  // Between the two renames there is none, for a moment: what was set aside is put back.
  const made = (await hidden()).find((name) => name.endsWith('.tmp'))!
  await rename(join(folder, 'model'), join(folder, made.replace('.tmp', '.old')))
  const refused = await promptsrc(folder, ...options)
  expect(refused.stderr).toContain('model holds an export already')
  expect(await wholeClasses()).toEqual(before)
  expect(await hidden()).toEqual([])
  expect((await promptsrc(folder, ...options, '--overwrite', '--add-class', 'a fox')).code).toBe(0)
  expect(await wholeClasses()).toEqual([...before, 'a fox'])
})
