import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { interpretationSample } from '../../test/support/interpretation-sample.js'
import { picturesLoaded, ReportBrowser, screens } from '../../test/support/report-browser.js'
import { renderReport } from './report.js'

let browser: ReportBrowser
beforeAll(async () => {
  browser = await ReportBrowser.start()
})
afterAll(() => browser.close())

const usual = interpretationSample({
  words: ['a', 'photo', 'of', 'the', 'in'],
  classNames: ['tabby cat', 'red fox'],
})
const unusual = interpretationSample({
  words: [
    '<script>document.title = "run"</script>',
    'شجرة',
    'w'.repeat(90),
    '"><img src=x onerror=a>',
    '🐈‍⬛',
  ],
  prompts: ['Llanfairpwllgwyngyll'.repeat(6), '<b>prompt</b>'],
  classNames: ['</li><script>document.title = "run"</script>', 'x'.repeat(120)],
  side: 224,
})

describe.each([
  ['usual.html', usual],
  ['unusual.html', unusual],
] as const)('the report of an interpretation in a browser: %s', (name, data) => {
  beforeAll(async () => browser.write(name, await renderReport(data)))

  it.for(screens)('fits $width pixels without complaint, $colorScheme', async (screen, { skip }) => {
    skip(browser.missing !== undefined, browser.missing)
    await browser.look(name, screen, async (page) => {
      expect(await page.title()).toBe('What PromptSRC learned')
      expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(screen.width)
      expect(await picturesLoaded(page)).toBe(true)
      const sizes = await page.evaluate(() =>
        [...document.querySelectorAll('.look img')].map((image) => {
          const { width, height } = image.getBoundingClientRect()
          return { width, height }
        }),
      )
      expect(sizes).toHaveLength(6)
      for (const { width, height } of sizes) {
        expect(width).toBeGreaterThan(80)
        expect(height).toBeCloseTo(width, 0)
      }
    })
  })
})

it('lets a wide table scroll in its place, by the keyboard as well', async ({ skip }) => {
  skip(browser.missing !== undefined, browser.missing)
  await browser.look('unusual.html', { width: 390, colorScheme: 'light' }, async (page) => {
    const region = page.getByRole('region', { name: /^Context of/ }).first()
    await region.focus()
    const { inner, outer } = await region.evaluate((element) => ({
      inner: element.scrollWidth,
      outer: element.clientWidth,
    }))
    expect(inner).toBeGreaterThan(outer)
    await page.keyboard.press('ArrowRight')
    await expect.poll(() => region.evaluate(({ scrollLeft }) => scrollLeft)).toBeGreaterThan(0)
  })
})
