import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import sharp from 'sharp'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { missingBrowser } from '../support/chromium.js'
import { promptsrc } from '../support/command.js'
import { packRun, unpackRun } from '../support/run-archives.js'
import { trainedRun } from '../support/trained-run.js'
import { WebBrowser } from '../support/web-browser.js'

const worker = { worker: '/app/worker.js' }

let browser: WebBrowser
let folder: string
beforeAll(async () => {
  if (missingBrowser) return
  browser = (await WebBrowser.start())!
  folder = await mkdtemp(join(tmpdir(), 'browser-run-'))
  await browser.call('trainKept', worker, 'whole')
})
afterAll(async () => {
  await browser?.close()
  if (folder) await rm(folder, { recursive: true, force: true })
})

/** Begins a training in a page of its own, and waits until it stands after so many steps. */
async function held(name: string, holdAt: number): Promise<Page> {
  const page = await browser.open()
  // The page is closed before it answers.
  void browser.call('trainKept', worker, name, { holdAt }).catch(() => {})
  await page.waitForFunction(() => 'held' in window)
  return page
}

it('a page that is closed in the middle of training goes on to the same bytes', async ({ skip }) => {
  skip(missingBrowser !== undefined, missingBrowser)
  const page = await held('closed', 3)
  await page.close()
  await browser.open()
  expect(await browser.call('keptFile', 'closed', 'checkpoints/epoch-001.safetensors')).toBeDefined()
  expect(await browser.call('keptFile', 'closed', 'prompts.safetensors')).toBeUndefined()
  expect(await browser.call('trainKept', worker, 'closed', { resume: true })).toEqual([])
  for (const file of ['prompts.safetensors', 'checkpoints/epoch-003.safetensors']) {
    const kept = await browser.call('keptFile', 'closed', file)
    expect(kept, file).toBeDefined()
    expect(kept === (await browser.call('keptFile', 'whole', file)), file).toBe(true)
  }
})

it('a run is held by one tab at a time, and given free by a tab that is closed', async ({ skip }) => {
  skip(missingBrowser !== undefined, missingBrowser)
  const first = await held('held', 1)
  await browser.open()
  const again = () => browser.call('trainKept', worker, 'held', { resume: true })
  await expect(again()).rejects.toThrow('runs/held is in use by another tab')
  await first.close()
  await again()
  expect(await browser.call('keptFile', 'held', 'prompts.safetensors')).toBeDefined()
})

it('the command line predicts with a run that was trained in a page', async ({ skip }) => {
  skip(missingBrowser !== undefined, missingBrowser)
  await unpackRun(await browser.call('download', 'whole'), join(folder, 'run'))
  const background = { width: 64, height: 64, channels: 3, background: '#1838d0' } as const
  await sharp({ create: background }).png().toFile(join(folder, 'blue.png'))
  const { code, stdout, stderr } = await promptsrc(
    folder,
    'predict',
    'run',
    'blue.png',
    '--json',
    '--threads',
    '1',
  )
  expect(stderr).toBe('')
  expect(code).toBe(0)
  expect(JSON.parse(stdout)).toMatchObject({
    classes: [{ className: 'blue square' }, { className: 'red square' }],
  })
})

it('a page classifies with a run that the command line trained', async ({ skip }) => {
  skip(missingBrowser !== undefined, missingBrowser)
  await trainedRun(folder, 'cli')
  const files = ['config.yaml', 'prompts.safetensors', 'checkpoints/epoch-002.safetensors']
  const archive = await packRun(join(folder, 'cli'), files)
  const { files: kept, found } = (await browser.call('upload', worker, archive, 'cli'))!
  expect(kept.sort()).toEqual(files.sort())
  expect(found).toBe('red square')
})

it('a run classifies whatever a page has a picture in', async ({ skip }) => {
  skip(missingBrowser !== undefined, missingBrowser)
  const found = await browser.call('classifySources', worker, 'whole')
  expect(Object.keys(found)).toHaveLength(8)
  const { file, video, ...others } = found
  expect(file).toMatchObject({ kind: 'class', className: 'red square' })
  for (const [kind, answer] of Object.entries(others)) expect(answer, kind).toEqual(file)
  // Frames of a stream are coded as luma and chroma.
  expect(video!.className).toBe('red square')
  expect(video!.probability).toBeCloseTo(file!.probability, 1)
})

it('a run says "none of these" by a threshold that its held-out pictures set', async ({ skip }) => {
  skip(missingBrowser !== undefined, missingBrowser)
  const found = await browser.call('judge', worker, 'whole')
  expect(found).toEqual({
    images: 4,
    kept: true,
    threshold: true,
    own: ['red square', 'blue square'],
    ownScore: expect.any(Number),
    others: ['aeroplane', 'sheep', 'tulip'],
    strict: 'none',
    doubted: 'uncertain',
  })
  expect(Math.abs(found.ownScore)).toBeLessThan(0.1)
})

it('says what is wrong with a source that has no picture', async ({ skip }) => {
  skip(missingBrowser !== undefined, missingBrowser)
  const failures = await browser.call('sourceFailures')
  const expected: Record<string, RegExp> = {
    'broken image': /^ImageError: image: the image http:\S+absent.png cannot be loaded \| Check its address/,
    'video without a frame': /^ImageError: image: the video has no frame to show yet \| Wait for its event/,
    'closed bitmap': /^ImageError: bitmap: cannot be read \(.*\) \| /,
    'too many pixels':
      /^ImageError: image: 20 x 20 pixels; expected at most 0.0001 megapixels \| Make the image/,
    camera: /^UserError: (there is no camera|this page may not use the camera) \| .*or choose files instead/,
  }
  expect(Object.keys(failures)).toEqual(Object.keys(expected))
  for (const [name, message] of Object.entries(expected)) expect(failures[name]).toMatch(message)
})
