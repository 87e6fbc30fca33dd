import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { picturesLoaded, ReportBrowser, screens } from '../../test/support/report-browser.js'
import { type Examination, findingsOf } from '../core/curate/findings.js'
import type { RgbImage } from '../core/image/resize.js'
import { cleanPage } from './clean-page.js'

/** A data set with a problem of every kind: copies in train and test, wrong labels, odd and poor pictures, a bad file. */
function examination(classNames: readonly [string, string, string], fileName: string): Examination {
  const labels = [0, 0, 1, 1, 2, 2, 0, 1, 2, 0, 0, 0, 0]
  return {
    name: fileName,
    classNames,
    pictures: labels.map((label, i) => ({
      name: `train/${classNames[label]}/${fileName}${i}.jpg`,
      part: i === 1 ? 'test' : 'train',
      label,
      pixels: i === 8 ? 0 : 900,
      content: i === 8 ? undefined : `${i === 1 ? 0 : i}`,
      ...(i === 8 ? { problem: `text in ${fileName}` } : {}),
    })),
    groups: [
      { images: [0, 1], exact: true },
      { images: [2, 3, 4], exact: false },
    ],
    doubts: [
      { index: 5, given: 2, likely: 0, margin: 0.81 },
      { index: 6, given: 0, likely: 1, margin: 0.2 },
    ],
    unlike: [{ index: 7, likeness: 0.3, usual: 0.9 }],
    poor: [{ index: 9, kind: 'blurred', detail: 'sharpness 1.0; 400 is usual here' }],
  }
}

/** Large and small, wide and high ones by turns. */
const load = async (i: number): Promise<RgbImage> => {
  const [width, height] = [
    [300, 180],
    [40, 40],
    [120, 400],
  ][i % 3] as [number, number]
  return { width, height, data: new Uint8Array(width * height * 3).map((_, at) => (at * (i + 7)) % 251) }
}

const pages = [
  ['usual.html', examination(['tabby cat', 'red fox', 'dog'], 'IMG_')],
  [
    'unusual.html',
    examination(
      ['<script>document.title = "run"</script>', 'Llanfairpwllgwyngyll'.repeat(6), 'شجرة'],
      '"><img src=x onerror=alert(1)>'.repeat(3),
    ),
  ],
] as const

let browser: ReportBrowser
beforeAll(async () => {
  browser = await ReportBrowser.start()
  for (const [name, found] of pages)
    await browser.write(name, await cleanPage(found, findingsOf(found), load))
})
afterAll(() => browser.close())

describe.each(pages)('a page of what was found in a browser: %s', (name, { name: data }) => {
  it.for(screens)('fits $width pixels without complaint, $colorScheme', async (screen, { skip }) => {
    skip(browser.missing !== undefined, browser.missing)
    await browser.look(name, screen, async (page) => {
      expect(await page.title()).toBe(`Clean ${data}`)
      expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(screen.width)
      expect(await picturesLoaded(page)).toBe(true)
    })
  })
})

it('shows copies side by side, and a label beside the likely one with what is advised', async ({ skip }) => {
  skip(browser.missing !== undefined, browser.missing)
  await browser.look('usual.html', { width: 1280, colorScheme: 'light' }, async (page) => {
    const cards = (id: string) => page.locator(`#${id} .samples > li`)
    const [first, second] = [
      await cards('copy-train-and-test').nth(0).boundingBox(),
      await cards('copy-train-and-test').nth(1).boundingBox(),
    ]
    expect(first!.y).toBe(second!.y)
    expect(first!.x).toBeLessThan(second!.x)
    expect(await cards('copy-train-and-test').locator('.verdict').allTextContents()).toEqual([
      'remove',
      'keep',
    ])
    expect(await cards('near-copy-two-classes').count()).toBe(3)
    expect(await cards('label-sure').locator('b').textContent()).toBe('dog → tabby cat?')
    expect(await cards('label-sure').locator('.verdict').textContent()).toBe('move to tabby cat')
    expect(await cards('unreadable').locator('img').count()).toBe(0)
    expect(await page.locator('#sizes').textContent()).toContain('tabby cat')
  })
})
