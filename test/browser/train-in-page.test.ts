import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { openRun } from '../../src/web/run/run-archive.js'
import { launchChromium, missingBrowser } from '../support/chromium.js'
import { photoFolder } from '../support/photo-folder.js'
import { StaticServer } from '../support/static-server.js'

const root = fileURLToPath(new URL('../..', import.meta.url))

let folder: string
let server: StaticServer
let browser: Browser
beforeAll(async () => {
  if (missingBrowser) return
  folder = await mkdtemp(join(tmpdir(), 'train-in-page-'))
  await build({
    absWorkingDir: root,
    entryPoints: { main: 'examples/train-in-page/main.ts', worker: 'src/web/worker.ts' },
    alias: { 'promptsrc/web': './src/web/index.ts' },
    outdir: folder,
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'browser',
  })
  server = await StaticServer.start({
    folders: {
      app: folder,
      tiny: join(root, 'assets/tiny'),
      ort: join(root, 'node_modules/onnxruntime-web/dist'),
    },
    files: { '/app/index.html': await readFile(join(root, 'examples/train-in-page/index.html'), 'utf8') },
  })
  browser = (await launchChromium())!
})
afterAll(async () => {
  await browser?.close()
  await server?.close()
  if (folder) await rm(folder, { recursive: true, force: true })
})

it('the example of a page that trains has fewer than 80 lines', async () => {
  const lines = (await readFile(join(root, 'examples/train-in-page/main.ts'), 'utf8')).trimEnd().split('\n')
  expect(lines.length).toBeLessThan(80)
})

it('the example learns a folder of pictures, tells a new one, and gives the run', async ({ skip }) => {
  skip(missingBrowser !== undefined, missingBrowser)
  await photoFolder(join(folder, 'photos'))
  const page = await browser.newPage()
  await page.goto(`${server.origin}/app/index.html`)
  const status = page.getByRole('status')
  const says = (text: RegExp) => status.filter({ hasText: text }).waitFor({ timeout: 50_000 })
  await says(/^Ready\. /)

  await page.getByRole('button', { name: 'Train' }).click()
  await says(/0 class of pictures; expected two or more\. Add a class/)

  await page.getByLabel('Pictures to learn from').setInputFiles(join(folder, 'photos/train'))
  await page.getByRole('button', { name: 'Train' }).click()
  await says(/^Learned .*red square/)
  await page.getByLabel('Classes that were never trained').fill('tulip')
  await page.getByLabel('A picture to try').setInputFiles(join(folder, 'photos/test/red_square/0.png'))
  await says(/^red square \d+ %, .*tulip \d+ %/)

  const [download] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('link', { name: 'Download the run' }).click(),
  ])
  const run = await openRun(new Blob([await readFile(await download.path())]))
  expect(await run.list()).toContain('prompts.safetensors')
})
