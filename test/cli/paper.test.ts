import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { writeRandomEva02 } from '../../src/cli/paper.js'
import { measuredCosts } from '../../src/cli/paper-cost.js'
import { openClip } from '../../src/node/weights/load-clip.js'
import { clipFolder } from '../support/clip-folder.js'
import { expectRefused, promptsrc } from '../support/command.js'
import { photoFolder } from '../support/photo-folder.js'

const folder = mkdtempSync(join(tmpdir(), 'promptsrc-paper-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

it('lists thirteen tables with what they need and take', async () => {
  const { stdout, code } = await promptsrc('.', 'paper')
  expect(code).toBe(0)
  expect(stdout.match(/^ ?\d+ {2}/gm)).toHaveLength(13)
  expect(stdout).toMatch(/matched\n {6}of: the eleven data sets\n {6}on emoji: 72 trainings, about 24 min/)
  expect(stdout).toMatch(/9 {2}video: .*\n.*\n {6}on toy-clips: 6 trainings/)
  const { tables } = JSON.parse((await promptsrc('.', 'paper', '--json')).stdout) as {
    tables: { number: number; command: string | null }[]
  }
  expect(tables[4]).toMatchObject({ number: 5, command: expect.stringContaining('promptsrc paper 5') })
  expect(tables[8]).toMatchObject({
    number: 9,
    command: expect.stringContaining('paper 9 --datasets VIDEOS'),
  })
  expect(tables[10]).toMatchObject({ number: 11, command: expect.stringContaining('--model EVA02-B-16') })
})

it('lists the tables of ViFi-CLIP with commands for one’s own clips', async () => {
  const { stdout, code } = await promptsrc('.', 'paper', 'vifi-clip')
  expect(code).toBe(0)
  expect(stdout).toMatch(/UCF-101 +base +novel +HM\n/)
  expect(stdout).toMatch(/bridge and prompt +95\.9 +74\.1 +83\.6\n/)
  expect(stdout).toContain('promptsrc bench few-shot --datasets LISTS --frames 32 --shots 2,4,8,16')
  expectRefused(await promptsrc('.', 'paper', 'vifi'), 'Expected a whole number of at least 1')
})

it('refuses a table that is not there, and frames of pictures', async () => {
  expectRefused(await promptsrc('.', 'paper', '14'), 'the paper has no table 14')
  expectRefused(await promptsrc('.', 'paper', '1', '--frames', '4'), '--frames 4: table 1 is of pictures')
})

it('measures what training and inference cost, of which CoCoOp has texts for each image', async () => {
  await photoFolder(join(folder, 'photos'))
  const methods = [
    '--methods',
    'cocoop,ivlp',
    '--epochs',
    '1',
    '--batch-size',
    '2',
    '--seeds',
    '1',
    '--threads',
    '1',
  ]
  const { code, stderr } = await promptsrc(
    folder,
    'compare',
    'photos',
    '--model',
    'tiny',
    ...methods,
    '--out',
    join(folder, 'out'),
  )
  expect(code, stderr).toBe(0)
  const text = await measuredCosts(join(folder, 'out'), { threads: 1 })
  const cells = (title: string) => new RegExp(`^${title} +(.+)$`, 'm').exec(text)![1]!.split(/ +/).map(Number)
  const [cocoopTraining, cocoopTest] = cells('CoCoOp')
  const [ivlpTraining, ivlpTest, minutes, imagesPerSecond] = cells('IVLP')
  expect(cocoopTest).toBeGreaterThan(ivlpTest!)
  expect(cocoopTraining).toBeGreaterThan(cocoopTest!)
  expect(ivlpTraining).toBeGreaterThan(ivlpTest!)
  expect(minutes).toBeGreaterThanOrEqual(0)
  expect(imagesPerSecond).toBeGreaterThan(0)
}, 60_000)

it('has a small EVA-CLIP of random weights for drawn data', async () => {
  const path = await writeRandomEva02(join(folder, 'eva'))
  const { config, close } = await openClip(path)
  await close()
  expect(config).toMatchObject({ activation: 'exact', vision: { kind: 'eva02', resolution: 48, layers: 4 } })
})

it('makes the table of clips beside its printed figures, of one data set', async () => {
  await clipFolder(join(folder, 'clips'))
  const few = ['--frames', '2', '--epochs', '1', '--seeds', '1', '--threads', '1', '--model', 'tiny']
  const { stdout, stderr, code } = await promptsrc(folder, 'paper', '9', '--datasets', 'clips', ...few)
  expect(code, stderr).toBe(0)
  expect(stdout).toMatch(/PromptSRC +96\.43 +76\.79 +85\.50/)
  expect(stdout).toContain('data (clips), weights (tiny), frames of a clip (2), epochs (1)')
}, 240_000)
