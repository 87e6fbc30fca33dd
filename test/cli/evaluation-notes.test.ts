import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { promptsrc } from '../support/command.js'
import { photoFolder } from '../support/photo-folder.js'

let folder: string
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'promptsrc-notes-'))
  await photoFolder(join(folder, 'photos'), 2)
  for (const name of ['blue_square', 'red_square']) {
    cpSync(join(folder, 'photos/test', name), join(folder, 'fewer/train', name), { recursive: true })
  }
  cpSync(join(folder, 'photos/test/green_square'), join(folder, 'fewer/train/purple_square'), {
    recursive: true,
  })
  const options = ['--model', 'tiny', '--epochs', '1', '--shots', '1', '--threads', '1']
  expect(await promptsrc(folder, 'train', 'photos', ...options, '--out', 'run')).toMatchObject({ code: 0 })
})
afterAll(() => rmSync(folder, { recursive: true }))

const figures = async (...args: string[]) => JSON.parse((await promptsrc(folder, ...args, '--json')).stdout)

it('eval has no notes where the learned classes are measured on test images', async () => {
  expect(await figures('eval', 'run', 'photos')).toMatchObject({ count: 8, notes: [] })
})

it('eval says which classes were not learned, which are no choice, and which images these are', async () => {
  const { stdout } = await promptsrc(folder, 'eval', 'run', 'fewer')
  expect(stdout).toContain('\nnote: 1 of 3 classes was not trained: purple square\n')
  expect(stdout).toContain(
    '2 of 4 classes were trained but no choice here, which makes it easier: green square, yellow',
  )
  expect(JSON.parse(readFileSync(join(folder, 'run/eval-fewer-all.json'), 'utf8')).notes).toHaveLength(2)
})

it('eval writes a page with notes, and calibration in the range of zero-shot CLIP', async () => {
  const said = await figures('eval', 'run', 'fewer', '--logit-range', '--html', 'page.html')
  expect(said.logitRange.before).toBe(said.expectedCalibrationError)
  expect(said.logitRange.after).not.toBe(said.logitRange.before)
  const page = readFileSync(join(folder, 'page.html'), 'utf8')
  for (const note of said.notes) expect(page).toContain(note)
  expect(said.notes).toHaveLength(2)
})

it('zero-shot says that a single class leaves no choice', async () => {
  expect((await figures('zero-shot', 'photos/test', '--model', 'tiny', '--classes', 'base')).notes).toEqual(
    [],
  )
  cpSync(join(folder, 'photos/test/blue_square'), join(folder, 'one/blue'), { recursive: true })
  expect((await figures('zero-shot', 'one', '--model', 'tiny')).notes).toEqual([
    'with one class there is nothing to choose: accuracy says nothing',
  ])
})

it.each([
  ['.', 'photos', 'photos/run'],
  ['photos', '.', 'runs/new'],
])('in %s, train %s refuses to write its run into the data folder: %s', async (cwd, data, out) => {
  const { code, stderr } = await promptsrc(join(folder, cwd), 'train', data, '--model', 'tiny', '--out', out)
  expect(code).toBe(2)
  expect(stderr).toContain(`--out ${out} lies in the data folder ${data}, where it would be read as a class`)
  expect(stderr).toMatch(/Name a folder outside of it, such as --out /)
  expect(existsSync(join(folder, cwd, out))).toBe(false)
})
