import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { missingBrowser } from '../support/chromium.js'
import { promptsrc } from '../support/command.js'
import { colours, photoFolder } from '../support/photo-folder.js'
import { packRun, unpackRun } from '../support/run-archives.js'
import { trainedRun } from '../support/trained-run.js'
import { WebBrowser } from '../support/web-browser.js'

const worker = { worker: '/app/worker.js' }
/** Those of `trainedRun`. */
const settings = { shots: 2, epochs: 2 }
const options = ['--model', 'tiny', '--shots', '2', '--epochs', '2', '--threads', '1']

let browser: WebBrowser
let folder: string
/** The training pictures of the folder `photos`, by class and address. */
const photos: Record<string, string[]> = {}
beforeAll(async () => {
  if (missingBrowser) return
  browser = (await WebBrowser.start())!
  folder = await mkdtemp(join(tmpdir(), 'browser-both-ways-'))
  await photoFolder(join(folder, 'photos'))
  for (const name of Object.keys(colours)) {
    const paths = [0, 1, 2].map((n) => `/photos/${name}/${n}.png`)
    photos[name.replace('_', ' ')] = paths
    for (const path of paths) {
      browser.server.files.set(path, await readFile(join(folder, path.replace('/photos', 'photos/train'))))
    }
  }
})
afterAll(async () => {
  await browser?.close()
  if (folder) await rm(folder, { recursive: true, force: true })
})

/** Measures and exports a run by the command line. */
async function expectWhole(run: string): Promise<void> {
  const measured = await promptsrc(folder, 'eval', run, 'photos', '--threads', '1', '--json')
  expect(measured.code, measured.stderr).toBe(0)
  expect(JSON.parse(measured.stdout).accuracy).toBeGreaterThanOrEqual(75)
  const out = ['--format', 'transformers-js', '--precision', 'q8', '--out', `${run}-exported`]
  const exported = await promptsrc(folder, 'export', run, ...out)
  expect(exported.code, exported.stderr).toBe(0)
  expect(JSON.parse(await readFile(join(folder, `${run}-exported/promptsrc.json`), 'utf8')).classes).toEqual(
    Object.keys(photos),
  )
}

it('the command line goes on with a run that was begun in a page', async ({ skip }) => {
  skip(missingBrowser !== undefined, missingBrowser)
  const page = await browser.open()
  void browser.call('trainKept', worker, 'begun', { photos, settings, holdAt: 3 }).catch(() => {})
  await page.waitForFunction(() => 'held' in window)
  await page.close()
  await browser.open()
  await unpackRun(await browser.call('download', 'begun'), join(folder, 'begun'))
  const { code, stderr } = await promptsrc(
    folder,
    ...['train', 'photos', ...options, '--resume', '--out', 'begun'],
  )
  expect(code, stderr).toBe(0)
  expect(stderr).toMatch(/2 epochs of 2 steps, 1 done/)
  await expectWhole('begun')
})

it('a page goes on with a run that the command line began', async ({ skip }) => {
  skip(missingBrowser !== undefined, missingBrowser)
  await trainedRun(folder, 'cli')
  const archive = await packRun(join(folder, 'cli'), [
    'config.yaml',
    'environment.json',
    'log.jsonl',
    'checkpoints/epoch-001.safetensors',
  ])
  await browser.call('keepArchive', archive, 'from-cli')
  expect(await browser.call('keptFile', 'from-cli', 'prompts.safetensors')).toBeUndefined()
  expect(await browser.call('trainKept', worker, 'from-cli', { photos, settings, resume: true })).toEqual([])
  await unpackRun(await browser.call('download', 'from-cli'), join(folder, 'finished'))
  await expectWhole('finished')
})
