import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { unzipSync } from 'fflate'
import type { Browser, BrowserContext, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { launchChromium, missingBrowser } from '../support/chromium.js'
import { expectRefused, promptsrc } from '../support/command.js'
import { StaticServer } from '../support/static-server.js'
import { isolation } from '../support/web-browser.js'

let folder: string
let server: StaticServer
let browser: Browser
beforeAll(async () => {
  if (missingBrowser) return
  folder = await mkdtemp(join(tmpdir(), 'studio-tab-'))
  const { code, stderr } = await promptsrc(folder, 'studio', '--build', 'site')
  expect(code, stderr).toBe(0)
  server = await StaticServer.start({ folders: { site: join(folder, 'site') }, headers: isolation })
  browser = (await launchChromium())!
})
afterAll(async () => {
  await browser?.close()
  await server?.close()
  if (folder) await rm(folder, { recursive: true, force: true })
})

/** Opens the page in a browser that keeps its files as long as the context is there. */
async function open(context: BrowserContext): Promise<{ page: Page; complaints: string[] }> {
  const page = await context.newPage()
  const complaints: string[] = []
  page.on('pageerror', (error) => complaints.push(`exception: ${error.message}`))
  page.on('console', (message) => {
    // Files that a model may have or not are looked for.
    if (!/404/.test(message.text())) complaints.push(`${message.type()}: ${message.text()}`)
  })
  page.on('request', (request) => {
    const { origin, protocol } = new URL(request.url())
    if (protocol !== 'blob:' && origin !== server.origin) complaints.push(`asked ${request.url()}`)
    if (request.method() !== 'GET') complaints.push(`sent something to ${request.url()}`)
  })
  await page.goto(`${server.origin}/site/index.html`)
  await page.getByRole('heading', { level: 1 }).waitFor()
  return { page, complaints }
}

async function train(page: Page, passes: number): Promise<void> {
  await page.getByRole('link', { name: /Train/ }).click()
  await page.getByRole('radio', { name: /Small, built in/ }).check()
  await page.getByText('More choices').click()
  await page.getByLabel('Passes over them').fill(`${passes}`)
  await page.getByLabel('Pictures of each class').fill('4')
  await page.getByLabel('Passes over them').click()
  await page.getByRole('button', { name: 'Train', exact: true }).click()
}

async function downloaded(page: Page, title: string): Promise<string[]> {
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('button', { name: `Download: ${title}`, exact: true }).click(),
  ])
  const files = unzipSync(new Uint8Array(await readFile(await download.path())))
  for (const [path, bytes] of Object.entries(files)) {
    await mkdir(dirname(join(folder, 'taken', path)), { recursive: true })
    await writeFile(join(folder, 'taken', path), bytes)
  }
  return Object.keys(files)
}

it('trains in the tab, goes on after the tab was closed, and hands over what the command line takes', {
  timeout: 300_000,
}, async ({ skip }) => {
  skip(missingBrowser !== undefined, missingBrowser)
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 } })
  const first = await open(context)
  await first.page.getByRole('button', { name: /drawn pictures/ }).click()
  await first.page
    .getByRole('region', { name: 'Class taco' })
    .getByText('16 pictures')
    .waitFor({ timeout: 60_000 })
  await train(first.page, 12)
  await first.page.getByText(/pass [3-9] of 12/).waitFor({ timeout: 120_000 })
  await first.page.close()
  expect(first.complaints).toEqual([])

  const { page, complaints } = await open(context)
  await page.getByRole('region', { name: 'Class taco' }).getByText('16 pictures').waitFor()
  await page.getByRole('link', { name: /Train/ }).click()
  await page.getByRole('button', { name: /Go on with run-1 \(\d+ of 12 passes done\)/ }).click()
  await page.getByRole('heading', { name: 'What it learned' }).waitFor({ timeout: 200_000 })
  await page.getByText(/Right answers on \d+ pictures/).waitFor()
  await page.getByRole('button', { name: 'Try it', exact: true }).click()
  await page.getByRole('list', { name: 'How likely each class is' }).waitFor({ state: 'detached' })
  expect(await downloaded(page, 'What was learned')).toContain('run-1/prompts.safetensors')
  expect(await downloaded(page, 'For a web page')).toContain(
    'run-1-transformers-js/onnx/model_quantized.onnx',
  )
  const project = await downloaded(page, 'The whole project')
  expect(project.filter((path) => path.startsWith('studio/photos/taco/'))).toHaveLength(16)

  // The same picture, in the tab and by the command line.
  const picture = join(folder, 'taken/studio/photos/taco/drawn-taco-01.png')
  await page.getByLabel('Picture to try').setInputFiles(picture)
  const bars = page.getByRole('list', { name: 'How likely each class is' })
  await bars.waitFor({ timeout: 60_000 })
  await page.getByLabel(/Could it be something else/).fill('hamburger')
  await page.getByRole('button', { name: 'Add', exact: true }).click()
  await bars.getByText('not trained').waitFor()
  const shown = await bars.getByRole('listitem').allTextContents()
  const predicted = await promptsrc(
    folder,
    'predict',
    'taken/run-1',
    picture,
    '--add-class',
    'hamburger',
    '--json',
  )
  expect(predicted.code, predicted.stderr).toBe(0)
  const { classes } = JSON.parse(predicted.stdout) as {
    classes: { className: string; probability: number }[]
  }
  for (const { className, probability } of classes) {
    const bar = shown.find((text) => text.startsWith(className))!
    expect(Math.abs(Number(/(\d+) %/.exec(bar)![1]) - 100 * probability)).toBeLessThan(1.01)
  }
  expect(complaints).toEqual([])
  await context.close()
})

it('works where the browser keeps nothing, and says so', { timeout: 200_000 }, async ({ skip }) => {
  skip(missingBrowser !== undefined, missingBrowser)
  const context = await browser.newContext()
  await context.addInitScript(() => {
    StorageManager.prototype.getDirectory = async () => {
      throw new DOMException('not allowed here', 'SecurityError')
    }
  })
  const { page, complaints } = await open(context)
  await page.getByText(/keeps no files for this page.*lost when this tab is closed: download/).waitFor()
  await page.getByRole('button', { name: /drawn pictures/ }).click()
  await page.getByRole('region', { name: 'Class taco' }).getByText('16 pictures').waitFor({ timeout: 60_000 })
  await page.getByRole('link', { name: /Train/ }).click()
  await page.getByText('More choices').click()
  await page.getByRole('radio', { name: /^Quick/ }).check()
  await page.getByRole('button', { name: 'Train', exact: true }).click()
  await page.getByText(/Right answers on \d+ pictures/).waitFor({ timeout: 100_000 })
  await page.getByRole('link', { name: /Try/ }).click()
  await page.getByRole('radio', { name: 'Camera' }).check()
  await page.getByText('There is no camera. Connect one, or choose files instead.').waitFor()
  expect(complaints).toEqual([])
  await context.close()
})

it('builds over nothing of the person’s own', async ({ skip }) => {
  skip(missingBrowser !== undefined, missingBrowser)
  await mkdir(join(folder, 'mine'))
  await writeFile(join(folder, 'mine', 'letter.txt'), 'x')
  expectRefused(await promptsrc(folder, 'studio', '--build', 'mine'), 'letter.txt', 'new or empty')
  expectRefused(await promptsrc(folder, 'studio', '--model', 'emoji'), '--build')
  expect((await promptsrc(folder, 'studio', '--build', 'site', '--json')).code).toBe(0)
})
