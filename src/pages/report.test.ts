import { parseHTML } from 'linkedom'
import { beforeAll, describe, expect, it } from 'vitest'
import { reportSample } from '../../test/support/report-sample.js'
import { evaluateLogits } from '../core/evaluate/metrics.js'
import { renderReport } from './report.js'
import type { ReportData } from './report-data.js'

const classNames = ['tabby cat', 'red fox', 'barn owl', 'brown bear', 'grey wolf', 'wild boar']
const bare: ReportData = { title: 'T', subtitle: 'S', date: '2026-03-05T14:07:00.000Z', facts: {} }

async function rendered(data: ReportData): Promise<Document> {
  return parseHTML(await renderReport(data)).document as unknown as Document
}

const textsOf = (root: ParentNode, selector: string) =>
  [...root.querySelectorAll(selector)].map(({ textContent }) => textContent?.trim())

describe('a report with everything', () => {
  const data = reportSample({ classNames })
  let page: Document
  beforeAll(async () => {
    page = await rendered(data)
  })

  it('has a heading and a link for every section, in order', () => {
    const titles = ['Base and novel classes', 'Sample images', 'Training', 'Evaluation', 'Configuration']
    expect(textsOf(page, 'h1')).toEqual([data.title])
    expect(textsOf(page, 'section > h2')).toEqual(titles)
    expect(textsOf(page, 'nav a')).toEqual(titles)
    for (const link of page.querySelectorAll('nav a')) {
      expect(page.querySelector(`section${link.getAttribute('href')}`)).not.toBeNull()
    }
    expect(page.querySelector('time')?.textContent).toBe('5 March 2026 at 14:07 UTC')
  })

  it('lists every method with mean and spread, the best figure of each column in bold', () => {
    const rows = [...page.querySelectorAll('#comparison table:not(.costs) tbody tr')]
    expect(rows.map((row) => row.querySelector('th')?.textContent)).toEqual(
      data.headline?.rows.map(({ method }) => method),
    )
    expect(textsOf(rows[1]!, 'td')).toEqual(['84.2 ± 0.6', '71.8 ± 1.4', '77.5 ± 0.9'])
    expect(textsOf(rows[2]!, 'td')[0]).toBe('84.3 ± 0.3[83.6, 85.0]')
    expect(textsOf(rows[3]!, 'td')).toEqual(['82.1 ± 0.4', '–', '–'])
    expect(textsOf(page, '#comparison td b')).toEqual(['84.3', '76.1', '80.0'])
  })

  it('draws a bar a method for base, novel and harmonic mean, with the reference through all of them', () => {
    const charts = [...page.querySelectorAll('#comparison .grid svg')]
    expect(charts).toHaveLength(3)
    expect(charts.map((svg) => svg.querySelectorAll('rect').length)).toEqual([4, 3, 3])
    for (const svg of charts) {
      expect(svg.querySelectorAll('[stroke-dasharray] line')).toHaveLength(1)
    }
    const widths = [...charts[1]!.querySelectorAll('rect')].map((bar) => Number(bar.getAttribute('width')))
    expect(widths[2]! / widths[0]!).toBeCloseTo(76.1 / 74.2, 3)
  })

  it('shows means and runs in the plane of base and novel accuracy, for methods that have both', () => {
    const plane = page.querySelector('#comparison .plane svg')!
    const dots = [...plane.querySelectorAll('circle')]
    expect(dots.filter((dot) => dot.getAttribute('r') === '2.5')).toHaveLength(2)
    expect(dots.filter((dot) => dot.getAttribute('r') === '5')).toHaveLength(3)
    const words = textsOf(plane, 'text')
    for (const name of ['zero-shot CLIP', 'IVLP', 'PromptSRC']) expect(words).toContain(name)
    expect(words).not.toContain('linear probe')
  })

  it('lists what the methods cost, where it is known', () => {
    expect(textsOf(page, '.costs tbody tr')).toHaveLength(3)
    const [zeroShot, ours] = page.querySelectorAll('.costs tbody tr')
    expect(textsOf(zeroShot!, 'td')).toEqual(['0', '–', '812'])
    expect(textsOf(ours!, 'td')).toEqual(['46,080', '3.3', '1712'])
  })

  it('gives every chart and picture words for those who cannot see it', () => {
    const charts = [...page.querySelectorAll('svg')]
    expect(charts.length).toBe(3 + 1 + 7 + 2)
    for (const svg of charts) {
      expect(svg.getAttribute('role')).toBe('img')
      expect(svg.getAttribute('aria-label')?.length).toBeGreaterThan(20)
    }
    for (const img of page.querySelectorAll('img')) expect(img.getAttribute('alt')).toMatch(/^Image of \w+/)
    for (const table of page.querySelectorAll('table')) {
      expect(table.querySelectorAll('th[scope]').length).toBeGreaterThan(0)
    }
  })

  it('shows each sample with its likeliest classes and tells right from wrong in words', () => {
    const cards = [...page.querySelectorAll('.samples > li')]
    for (const [i, { truth, classes }] of data.samples!.items.entries()) {
      const right = classes[0]!.className === truth
      const card = cards[i]!
      expect(card.querySelector('img')?.getAttribute('src')).toMatch(/^data:image\/png;base64,iVBOR/)
      expect(card.querySelector('.verdict')?.textContent).toBe(right ? '✓ recognised' : '✗ mistaken')
      expect(textsOf(card, 'ol li > :first-child')).toEqual(classes.map(({ className }) => className))
      expect(textsOf(card, 'ol li > :nth-child(2)')).toEqual(
        classes.map(({ probability }) => `${(100 * probability).toFixed(0)} %`),
      )
    }
    expect(new Set(cards.map(({ className }) => className))).toEqual(new Set(['right', 'wrong']))
  })

  it('draws a line a seed beside the mean, and lists the means by epoch', () => {
    const [accuracy, total] = [...page.querySelectorAll('#training svg')]
    expect(accuracy!.querySelectorAll('[aria-label="line"] path')).toHaveLength(2 * 3 + 2)
    expect(total!.querySelectorAll('[aria-label="line"] path')).toHaveLength(3 + 1)
    const rows = [...page.querySelectorAll('#training details tbody tr')]
    expect(rows).toHaveLength(20)
    const last = data.training!.losses![0]!.runs.map((values) => values.at(-1)!)
    const mean = last.reduce((a, b) => a + b) / last.length
    expect(textsOf(rows[19]!, 'td')[2]).toBe(mean.toFixed(3))
    expect(total!.textContent).toContain(mean.toFixed(3))
  })

  it('shows accuracy by class, a matrix cell a pair, the most confused pairs and calibration', () => {
    const { metrics } = data.evaluation!
    const accuracies = new Map(classNames.map((name, i) => [name, metrics.perClassAccuracy[i]!.toFixed(0)]))
    for (const row of page.querySelectorAll('.classes tbody tr')) {
      expect(textsOf(row, '.number')).toEqual(['5', accuracies.get(row.querySelector('th')!.textContent!)])
    }
    expect(textsOf(page, '.classes tbody th').sort()).toEqual([...classNames].sort())
    expect(page.querySelectorAll('.natural [fill-opacity]')).toHaveLength(classNames.length ** 2)
    const counts = textsOf(page, '.confusions tbody .number').map(Number)
    const confused = metrics.confusion.flatMap((row, i) => row.filter((n, j) => i !== j && n > 0))
    expect(counts).toEqual(confused.sort((a, b) => b - a).slice(0, 10))
    const error = metrics.expectedCalibrationError.toFixed(1)
    expect(textsOf(page, '.reliability figcaption').join()).toContain(`${error} %`)
  })

  it('lists nested settings by dotted keys', () => {
    const rows = [...page.querySelectorAll('.facts tr')].map(({ textContent }) => textContent)
    expect(rows).toContain('options.ctxInita photo of a')
    expect(rows).toContain('seeds1, 2, 3')
  })
})

describe('a report with little', () => {
  it('has no section without data', async () => {
    const page = await rendered(bare)
    expect(textsOf(page, 'h2')).toEqual([])
    expect(textsOf(page, 'nav li')).toEqual([])
  })

  it('takes one epoch of one run', async () => {
    const page = await rendered({
      ...bare,
      training: { caption: '', losses: [{ name: 'total', runs: [[1.5]] }], learningRates: [1e-5] },
    })
    expect(textsOf(page, '#training h3')).toEqual(['Total loss', 'Learning rate'])
    expect(page.querySelector('svg')?.outerHTML).not.toContain('NaN')
    expect(page.querySelector('svg')?.textContent).toContain('1.500')
  })

  it('says so where nothing was mistaken, and shows classes without images', async () => {
    const metrics = evaluateLogits(new Float32Array([5, 0, 0, 0, 5, 0]), [0, 1], 3)
    const page = await rendered({
      ...bare,
      evaluation: { caption: '', classNames: ['a', 'b', 'c'], metrics },
    })
    expect(page.querySelector('.confusions')?.textContent).toContain('No image was mistaken')
    expect(textsOf(page, '.classes tbody tr:last-child .number')).toEqual(['0', '–'])
    expect(page.body.innerHTML).not.toContain('NaN')
  })

  it('lists only confused pairs and the least accurate classes where there are many', async () => {
    const many = Array.from({ length: 60 }, (_, i) => `class ${i}`)
    const { evaluation } = reportSample({ classNames: many })
    const page = await rendered({ ...bare, evaluation: evaluation! })
    expect(page.querySelector('.natural')).toBeNull()
    expect(page.querySelectorAll('.confusions tbody tr')).toHaveLength(10)
    expect(page.querySelectorAll('details tbody tr')).toHaveLength(60)
    const shown = textsOf(page, '.classes tbody td:nth-child(3)').slice(0, 20).map(Number)
    expect(shown).toEqual([...shown].sort((a, b) => a - b))
    expect(shown[0]).toBe(
      Math.round(Math.min(...evaluation!.metrics.perClassAccuracy.map((value) => value!))),
    )
  })
})

describe('text from outside', () => {
  const hostile = [
    '<script>alert(1)</script>',
    '"><img src=x onerror=alert(2)>',
    "' onmouseover='alert(3)",
    '</style><script>alert(4)</script>',
    '&lt;b&gt; & <!-- -->',
    '</svg><iframe src="//example.org">',
  ]

  it('stays text wherever it appears', async () => {
    const data = reportSample({ classNames: hostile, methods: [hostile[0]!, hostile[1]!, hostile[5]!] })
    const page = await rendered({
      ...data,
      title: hostile[0]!,
      subtitle: hostile[5]!,
      training: { ...data.training!, caption: hostile[3]!, losses: [{ name: hostile[1]!, runs: [[1, 2]] }] },
      evaluation: { ...data.evaluation!, caption: hostile[4]! },
      facts: { [hostile[0]!]: { [hostile[1]!]: hostile[3] } },
    })
    expect(page.querySelectorAll('script, iframe, [onerror], [onmouseover]')).toHaveLength(0)
    expect(page.querySelectorAll('img:not([src^="data:"])')).toHaveLength(0)
    expect(textsOf(page, 'h1')).toEqual([hostile[0]])
    expect(textsOf(page, '.classes tbody th').sort()).toEqual([...hostile].sort())
    const labels = textsOf(page, '.natural [aria-label="y-axis tick label"] text')
    expect(labels.slice(0, 2)).toEqual(['<script>alert(1)</scrip…', '"><img src=x onerror=al…'])
  })
})

describe('the page of a report', () => {
  it('names nothing outside itself', async () => {
    const html = await renderReport(reportSample({ classNames }))
    const sources = [...html.matchAll(/\b(?:src|href)="([^"]*)"/g)].map(([, url]) => url!)
    expect(sources.length).toBeGreaterThan(5)
    for (const url of sources) expect(url).toMatch(/^(data:|#)/)
    expect(html).not.toMatch(/url\(|@import/)
  })

  it('gives the same bytes for the same data', async () => {
    const data = reportSample({ classNames })
    expect(await renderReport(data)).toBe(await renderReport(data))
  })
})
