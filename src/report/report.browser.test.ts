import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { type Browser, chromium, type Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { reportSample } from '../../test/support/report-sample.js'
import { writeReport } from './report.js'

const executablePath = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find(
  existsSync,
)
const args = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--no-first-run',
]

const usual = Array.from({ length: 24 }, (_, i) => `bird of kind ${i + 1}`)
const unusual = [
  '<script>document.title = "run"</script>',
  'Llanfairpwllgwyngyllgogerychwyrndrobwllllantysiliogogogoch'.repeat(2),
  '"><img src="https://example.org/x.png" onerror="document.title = \'run\'">',
  'a name of a great many short words '.repeat(4).trim(),
  'شجرة',
]

let browser: Browser | undefined
let folder: string

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'report-browser-'))
  if (!executablePath) return
  browser = await chromium.launch({ executablePath, args })
})

afterAll(async () => {
  await browser?.close()
  await rm(folder, { recursive: true, force: true })
})

/** Opens a report without a network; fails on console errors, exceptions and requests to anywhere. */
async function withReport(
  name: string,
  { width, colorScheme }: { width: number; colorScheme: 'light' | 'dark' },
  look: (page: Page) => Promise<void>,
): Promise<void> {
  const context = await browser!.newContext({ viewport: { width, height: 900 }, colorScheme, offline: true })
  const complaints: string[] = []
  await context.route('**', (route) => {
    const url = route.request().url()
    if (url.startsWith('file:') || url.startsWith('data:')) return route.continue()
    complaints.push(`request: ${url}`)
    return route.abort()
  })
  const page = await context.newPage()
  page.on('console', (message) => complaints.push(`${message.type()}: ${message.text()}`))
  page.on('pageerror', (error) => complaints.push(`exception: ${error.message}`))
  await page.goto(pathToFileURL(join(folder, name)).href)
  await look(page)
  expect(complaints).toEqual([])
  await context.close()
}

describe.each([
  ['usual.html', usual],
  ['unusual.html', unusual],
] as const)('a report in a browser: %s', (name, classNames) => {
  beforeAll(() => writeReport(join(folder, name), reportSample({ classNames })))

  it.for([
    { width: 390, colorScheme: 'light' },
    { width: 390, colorScheme: 'dark' },
    { width: 1280, colorScheme: 'light' },
    { width: 1280, colorScheme: 'dark' },
  ] as const)('fits $width pixels without complaint, $colorScheme', async (screen, { skip }) => {
    skip(!browser, 'no Chromium is installed')
    await withReport(name, screen, async (page) => {
      expect(await page.title()).toBe('Prompt learning on sample data')
      expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(screen.width)
      const lightness = await page.evaluate(() => {
        const channels = (colour: string) => (colour.match(/\d+/g) ?? []).slice(0, 3).map(Number)
        const { backgroundColor, color } = getComputedStyle(document.body)
        const label = document.querySelector('figure svg text')!
        const [paper, ink, chart] = [backgroundColor, color, getComputedStyle(label).fill].map(
          (colour) => channels(colour).reduce((sum, value) => sum + value, 0) / (3 * 255),
        )
        return { paper: paper!, ink: ink!, chart: chart! }
      })
      const dark = screen.colorScheme === 'dark'
      expect(lightness.paper > 0.5).toBe(!dark)
      expect(lightness.ink > 0.5).toBe(dark)
      expect(lightness.chart > 0.5).toBe(dark)
      const loaded = await page.evaluate(() =>
        [...document.images].every(({ complete, naturalWidth }) => complete && naturalWidth > 0),
      )
      expect(loaded).toBe(true)
    })
  })

  it('keeps the words of every chart inside it', async ({ skip }) => {
    skip(!browser, 'no Chromium is installed')
    await withReport(name, { width: 1280, colorScheme: 'light' }, async (page) => {
      const outside = await page.evaluate(() =>
        [...document.querySelectorAll('figure svg')].flatMap((svg) => {
          const frame = svg.getBoundingClientRect()
          return [...svg.querySelectorAll('text')].flatMap((text) => {
            const box = text.getBoundingClientRect()
            const out = box.left < frame.left - 1 || box.right > frame.right + 1 || box.top < frame.top - 1
            return out ? [`${text.textContent} in ${svg.getAttribute('aria-label')?.slice(0, 40)}`] : []
          })
        }),
      )
      expect(outside).toEqual([])
    })
  })

  it('prints in dark ink on white', async ({ skip }) => {
    skip(!browser, 'no Chromium is installed')
    await withReport(name, { width: 794, colorScheme: 'dark' }, async (page) => {
      await page.emulateMedia({ media: 'print', colorScheme: 'dark' })
      expect(await page.evaluate(() => getComputedStyle(document.body).backgroundColor)).toBe(
        'rgb(255, 255, 255)',
      )
      expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(794)
    })
  })
})
