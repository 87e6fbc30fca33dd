import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { picturesLoaded, ReportBrowser, screens } from '../../test/support/report-browser.js'
import { reportSample } from '../../test/support/report-sample.js'
import { renderReport } from './report.js'

const usual = Array.from({ length: 24 }, (_, i) => `bird of kind ${i + 1}`)
const unusual = [
  '<script>document.title = "run"</script>',
  'Llanfairpwllgwyngyllgogerychwyrndrobwllllantysiliogogogoch'.repeat(2),
  '"><img src="https://example.org/x.png" onerror="document.title = \'run\'">',
  'a name of a great many short words '.repeat(4).trim(),
  'شجرة',
]

let browser: ReportBrowser
beforeAll(async () => {
  browser = await ReportBrowser.start()
})
afterAll(() => browser.close())

describe.each([
  ['usual.html', usual],
  ['unusual.html', unusual],
] as const)('a report in a browser: %s', (name, classNames) => {
  beforeAll(async () => browser.write(name, await renderReport(reportSample({ classNames }))))

  it.for(screens)('fits $width pixels without complaint, $colorScheme', async (screen, { skip }) => {
    skip(browser.missing !== undefined, browser.missing)
    await browser.look(name, screen, async (page) => {
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
      expect(await picturesLoaded(page)).toBe(true)
    })
  })

  it('keeps the words of every chart inside it', async ({ skip }) => {
    skip(browser.missing !== undefined, browser.missing)
    await browser.look(name, { width: 1280, colorScheme: 'light' }, async (page) => {
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
    skip(browser.missing !== undefined, browser.missing)
    await browser.look(name, { width: 794, colorScheme: 'dark' }, async (page) => {
      await page.emulateMedia({ media: 'print', colorScheme: 'dark' })
      expect(await page.evaluate(() => getComputedStyle(document.body).backgroundColor)).toBe(
        'rgb(255, 255, 255)',
      )
      expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(794)
    })
  })
})
