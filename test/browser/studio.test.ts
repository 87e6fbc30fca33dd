import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { unzipSync } from 'fflate'
import type { Browser, Page } from 'playwright-core'
import sharp from 'sharp'
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest'
import { drawnDataset } from '../../src/node/world/drawn-sets.js'
import { faultsOf, tabTo } from '../support/accessibility.js'
import { launchChromium, missingBrowser } from '../support/chromium.js'
import { promptsrc } from '../support/command.js'
import { type StudioServer, startStudio } from '../support/studio-server.js'

const names = ['egg', 'pear'] as const
const PICTURES = 6

let folder: string
let browser: Browser
let server: StudioServer | undefined
let count = 0

beforeAll(async () => {
  if (missingBrowser) return
  folder = await mkdtemp(join(tmpdir(), 'studio-page-'))
  await drawPictures(join(folder, 'pictures'))
  browser = (await launchChromium([
    '--disable-gpu',
    '--use-fake-device-for-media-stream',
    '--use-fake-ui-for-media-stream',
  ]))!
})
afterEach(async () => {
  for (const context of browser?.contexts() ?? []) await context.close()
  await server?.stop()
  server = undefined
})
afterAll(async () => {
  await browser?.close()
  if (folder) await rm(folder, { recursive: true, force: true })
})

/** Pictures of two classes, and one of each that nothing learns from: `new-<class>.png`. */
async function drawPictures(to: string): Promise<void> {
  const { classNames, train, test } = drawnDataset('emoji-food')
  for (const name of names) {
    await mkdir(join(to, name), { recursive: true })
    const own = (data: typeof train) => data.filter(({ label }) => classNames[label] === name)
    const wanted = own(train).slice(0, PICTURES)
    const files = wanted.map((datum, i) => [datum, join(to, name, `${i}.png`)] as const)
    for (const [datum, path] of [...files, [own(test)[0]!, join(to, `new-${name}.png`)] as const]) {
      const { width, height, data } = await datum.load()
      await sharp(data, { raw: { width, height, channels: 3 } })
        .png()
        .toFile(path)
    }
  }
}

const project = () => join(folder, `project-${count}`)

/** Starts a studio of a project, a new one unless told otherwise, and opens its page. */
async function openStudio({ again = false } = {}): Promise<Page> {
  if (!again) count++
  server = await startStudio(project())
  return openPage()
}

const complaints = new WeakMap<Page, string[]>()

async function openPage(options: Parameters<Browser['newContext']>[0] = {}): Promise<Page> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options })
  const page = await context.newPage()
  const said: string[] = []
  complaints.set(page, said)
  page.on('console', (message) => said.push(`${message.type()}: ${message.text()}`))
  page.on('pageerror', (error) => said.push(`exception: ${error.message}`))
  const own = new URL(server!.url).origin
  page.on('request', (request) => {
    const { origin, protocol } = new URL(request.url())
    if (protocol !== 'blob:' && origin !== own) said.push(`asked ${request.url()}`)
  })
  await page.goto(server!.url)
  await page.getByRole('heading', { level: 1 }).waitFor()
  return page
}

async function setPasses(page: Page, passes: number): Promise<void> {
  await page.getByRole('radio', { name: /Small, built in/ }).check()
  await page.getByText('More choices').click()
  await page.getByLabel('Passes over them').fill(`${passes}`)
  await page.getByLabel('Pictures of each class').click()
}

const finished = (page: Page) =>
  page.getByRole('heading', { name: 'What it learned' }).waitFor({ timeout: 120_000 })

/** A project of pictures that are there already, trained for some passes. */
async function projectOfPictures(): Promise<void> {
  for (const name of names) {
    await mkdir(join(project(), 'photos', name), { recursive: true })
    for (const file of await readdir(join(folder, 'pictures', name))) {
      await writeFile(
        join(project(), 'photos', name, file),
        await readFile(join(folder, 'pictures', name, file)),
      )
    }
  }
}

it('goes from pictures to a run of one’s own', { timeout: 240_000 }, async ({ skip }) => {
  skip(missingBrowser !== undefined, missingBrowser)
  const page = await openStudio()
  expect(page.url()).not.toContain('token')

  // Collect: a class by its name, with a file that is none and one twice; and one by its folder.
  await page.getByRole('button', { name: 'Name a class yourself' }).click()
  await page.getByLabel('Name of the class').fill('egg')
  await page.getByRole('button', { name: 'Add the class' }).click()
  const eggs = (await readdir(join(folder, 'pictures/egg'))).map((name) => join(folder, 'pictures/egg', name))
  await writeFile(join(folder, 'notes.jpg'), 'not a picture')
  await page.getByLabel('Pictures for egg').setInputFiles([...eggs, join(folder, 'notes.jpg')])
  const status = page.getByRole('status').filter({ hasText: 'added' })
  await status.getByText(`${PICTURES} pictures added.`).waitFor()
  expect(await status.textContent()).toMatch(/1 file could not be\..*notes\.jpg text; expected a JPEG/s)
  await page.getByLabel('Pictures for egg').setInputFiles(eggs[0]!)
  await status.getByText('1 picture was there already.').waitFor()
  expect(await page.getByRole('button', { name: 'Go on to training' }).isDisabled()).toBe(true)
  await page.getByLabel('Choose a folder').last().setInputFiles(join(folder, 'pictures/pear'))
  await page.getByRole('region', { name: 'Class pear' }).getByText(`${PICTURES} pictures`).waitFor()
  expect((await readdir(join(project(), 'photos'))).sort()).toEqual(['egg', 'pear'])

  // Train.
  await page.getByRole('button', { name: 'Go on to training' }).click()
  await setPasses(page, 2)
  await page.getByRole('button', { name: 'Train', exact: true }).click()
  await finished(page)
  await page.getByText(/Right answers on \d+ pictures/).waitFor()

  // Mistakes: a cell shows its pictures, one of which is moved to another class and back.
  await page.getByRole('radio', { name: 'All pictures' }).check()
  await page
    .getByRole('button', { name: /^\d+ pictures? of egg/ })
    .first()
    .click()
  await page
    .getByLabel('Class of 0.png')
    .or(page.getByLabel(/^Class of/).first())
    .first()
    .selectOption('pear')
  await page.getByText('1 picture was moved since.').waitFor()
  expect(await readdir(join(project(), 'photos/egg'))).toHaveLength(PICTURES - 1)
  await page.getByRole('button', { name: 'Undo' }).click()
  await page.getByText('1 picture was moved since.').waitFor({ state: 'detached' })

  // Try: a new picture, and a name that was never trained.
  await page.getByRole('button', { name: 'Try it', exact: true }).click()
  await page.getByLabel('Picture to try').setInputFiles(join(folder, 'pictures/new-pear.png'))
  const bars = page.getByRole('list', { name: 'How likely each class is' })
  await bars.waitFor({ timeout: 60_000 })
  expect(await bars.getByRole('listitem').count()).toBe(2)
  await page.getByLabel(/Could it be something else/).fill('grapes')
  await page.getByRole('button', { name: 'Add', exact: true }).click()
  await bars.getByText('not trained').waitFor()
  expect(await bars.getByRole('listitem').count()).toBe(3)
  await page.getByRole('radio', { name: 'Camera' }).check()
  await page.getByLabel('What the camera shows').waitFor()

  // Take it along: the command line predicts with what was downloaded.
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    page
      .getByRole('button', { name: /^Download/ })
      .first()
      .click(),
  ])
  expect(download.suggestedFilename()).toBe(`project-${count}-run-1.zip`)
  const files = unzipSync(new Uint8Array(await readFile(await download.path())))
  for (const [path, bytes] of Object.entries(files)) {
    await mkdir(join(folder, 'taken/run-1'), { recursive: true })
    await writeFile(join(folder, 'taken', path), bytes)
  }
  const predicted = await promptsrc(
    folder,
    'predict',
    'taken/run-1',
    'pictures/new-pear.png',
    '--json',
    '--threads',
    '1',
  )
  expect(predicted.code, predicted.stderr).toBe(0)
  const { classes } = JSON.parse(predicted.stdout) as { classes: { className: string }[] }
  expect(classes.map(({ className }) => className).sort()).toEqual(['egg', 'pear'])
  const [exported] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('button', { name: 'Download: For a web page', exact: true }).click(),
  ])
  const folderForPages = unzipSync(new Uint8Array(await readFile(await exported.path())))
  expect(Object.keys(folderForPages)).toEqual(
    expect.arrayContaining(
      ['config.json', 'README.md', 'onnx/model.onnx'].map((file) => `run-1-transformers-js/${file}`),
    ),
  )
  // What the browser says by itself of the file that was none.
  expect(complaints.get(page)).toEqual([expect.stringContaining('status of 422')])
})

it('loses nothing by a closed page, nor by a studio that is killed in the middle of a training', {
  timeout: 240_000,
}, async ({ skip }) => {
  skip(missingBrowser !== undefined, missingBrowser)
  count++
  await projectOfPictures()
  const page = await openStudio({ again: true })
  await page.getByRole('button', { name: 'Go on to training' }).click()
  await setPasses(page, 200)
  await page.getByRole('button', { name: 'Train', exact: true }).click()
  await page.getByText(/pass [2-9] of 200/).waitFor({ timeout: 60_000 })
  await page.context().close()

  const second = await openPage()
  await second.getByRole('link', { name: /Train/ }).click()
  await second.getByText(/pass \d+ of 200/).waitFor()
  server!.process.kill('SIGKILL')
  await second.getByText('The studio on this computer does not answer.').first().waitFor()
  await second.context().close()

  const third = await openStudio({ again: true })
  await third.getByRole('link', { name: /Train/ }).click()
  await third.getByRole('button', { name: /Go on with run-1 \(\d+ of 200 passes done\)/ }).click()
  await third.getByText(/pass \d+ of 200/).waitFor({ timeout: 60_000 })
  await third.getByRole('button', { name: 'Stop' }).click()
  await third.getByText(/passes are kept/).waitFor({ timeout: 60_000 })
  const kept = await readdir(join(project(), 'runs/run-1/checkpoints'))
  expect(kept.length).toBeGreaterThan(1)
  expect(await server!.stop()).toBe(0)
  server = undefined
})

it('is used by the keyboard alone, and by those who do not see it well', { timeout: 240_000 }, async ({
  skip,
}) => {
  skip(missingBrowser !== undefined, missingBrowser)
  const page = await openStudio()
  expect(await faultsOf(page)).toEqual([])
  await tabTo(page, /drawn pictures/)
  await page.keyboard.press('Enter')
  await page
    .getByRole('region', { name: /^Class/ })
    .nth(2)
    .waitFor()
  expect(await faultsOf(page)).toEqual([])
  // A picture opens in a dialog, which Escape closes; the focus comes back.
  await tabTo(page, /^$/)
  await page.keyboard.press('Enter')
  await page.getByRole('dialog').waitFor()
  expect(await faultsOf(page)).toEqual([])
  await page.keyboard.press('Escape')
  await page.getByRole('dialog').waitFor({ state: 'detached' })
  await tabTo(page, /^Go on to training$/)
  await page.keyboard.press('Enter')
  // The next page comes a moment later, and takes the focus to its heading.
  await expect.poll(() => page.evaluate(() => document.activeElement?.tagName)).toMatch(/H1|BODY/)
  await page.getByRole('radio', { name: /Small, built in/ }).waitFor()
  await tabTo(page, /More choices/)
  await page.keyboard.press('Enter')
  await tabTo(page, /Passes over them/)
  await page.keyboard.press('ControlOrMeta+A')
  await page.keyboard.type('1')
  await tabTo(page, /^Train$/)
  expect(await faultsOf(page)).toEqual([])
  await page.keyboard.press('Enter')
  await finished(page)
  await tabTo(page, /^\d+ pictures? of /)
  await page.keyboard.press('Enter')
  await page
    .getByLabel(/^Class of/)
    .first()
    .waitFor()
  expect(await faultsOf(page)).toEqual([])

  // By night, on a phone, at every step.
  const phone = await openPage({ viewport: { width: 360, height: 740 }, colorScheme: 'dark', hasTouch: true })
  for (const step of ['Collect', 'Train', 'Try']) {
    await phone.getByRole('link', { name: new RegExp(step) }).click()
    await phone.getByRole('heading', { level: 1 }).waitFor()
    expect(await phone.evaluate(() => document.documentElement.scrollWidth), step).toBeLessThanOrEqual(360)
    expect(await faultsOf(phone), step).toEqual([])
  }
  expect([...complaints.get(page)!, ...complaints.get(phone)!]).toEqual([])
})
