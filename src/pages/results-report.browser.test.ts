import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ReportBrowser, screens } from '../../test/support/report-browser.js'
import { protocols } from '../lab/plans/protocol.js'
import { aggregate } from '../lab/results/aggregate.js'
import type { Observation } from '../lab/results/observation.js'
import { paperRows } from '../lab/results/paper/paper.js'
import { resultsReport } from './results-report.js'

/** The paper's own figures as if they had been measured with three seeds, and one run with a name of its own. */
function sample(name: string): Observation[] {
  return protocols.flatMap((protocol) =>
    paperRows(protocol).flatMap(({ method, shots, cells }) =>
      Object.entries(cells).flatMap(([dataset, cell]) =>
        Object.entries(cell).flatMap(([quantity, value]) => {
          if (quantity === 'hm' || method === 'proda') return []
          const across = protocol === 'cross-dataset' || protocol === 'domain-generalization'
          return (shots === null ? [null] : [1, 2, 3]).map((seed) => ({
            protocol,
            method: method === 'ivlp' ? name : method,
            dataset,
            source: across ? 'ImageNet' : dataset,
            classes: quantity === 'accuracy' ? 'all' : (quantity as 'base' | 'novel'),
            shots,
            seed,
            accuracy: Math.min(100, value + (seed ?? 2) / 2 - 1),
            from: 'here',
          }))
        }),
      ),
    ),
  )
}

const single: Observation[] = (['base', 'novel'] as const).map((classes) => ({
  ...{
    protocol: 'base-to-novel',
    method: 'promptsrc',
    dataset: 'photos',
    source: 'photos',
    shots: 4,
    seed: 1,
  },
  classes,
  accuracy: 70,
  from: 'here',
}))

const pages = [
  ['all.html', sample('ivlp')],
  ['strange.html', sample(`<img src="https://example.org/x.png">${'long name '.repeat(8).trim()}`)],
  ['single.html', single],
] as const

let browser: ReportBrowser
beforeAll(async () => {
  browser = await ReportBrowser.start()
  for (const [name, observations] of pages) {
    const results = { observations, unfinished: [], failed: [], damaged: [], repeats: [] }
    await browser.write(name, await resultsReport(aggregate(observations), results))
  }
})
afterAll(() => browser.close())

describe.each(pages)('a page of results in a browser: %s', (name) => {
  it.for(screens)('fits $width pixels without complaint, $colorScheme', async (screen, { skip }) => {
    skip(browser.missing !== undefined, browser.missing)
    await browser.look(name, screen, async (page) => {
      await page.evaluate(() => {
        for (const details of document.querySelectorAll('details')) details.open = true
      })
      expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(screen.width)
      expect(await page.evaluate(() => getComputedStyle(document.body).backgroundColor)).toBe(
        screen.colorScheme === 'dark' ? 'rgb(20, 23, 27)' : 'rgb(255, 255, 255)',
      )
    })
  })

  it('keeps the words of every chart inside it, and names what it shows', async ({ skip }) => {
    skip(browser.missing !== undefined, browser.missing)
    await browser.look(name, { width: 1280, colorScheme: 'light' }, async (page) => {
      const charts = await page.evaluate(() =>
        [...document.querySelectorAll('figure svg')].map((svg) => {
          const frame = svg.getBoundingClientRect()
          const outside = [...svg.querySelectorAll('text')].filter((text) => {
            const box = text.getBoundingClientRect()
            return box.left < frame.left - 1 || box.right > frame.right + 1 || box.top < frame.top - 1
          })
          return {
            label: svg.getAttribute('aria-label') ?? '',
            outside: outside.map((text) => text.textContent),
          }
        }),
      )
      expect(charts.length).toBeGreaterThan(1)
      expect(charts.flatMap(({ outside }) => outside)).toEqual([])
      for (const { label } of charts) expect(label).toMatch(/\d %/)
    })
  })
})
