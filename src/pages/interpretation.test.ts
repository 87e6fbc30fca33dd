import { parseHTML } from 'linkedom'
import { beforeAll, describe, expect, it } from 'vitest'
import { interpretationSample } from '../../test/support/interpretation-sample.js'
import { renderReport } from './report.js'
import type { ReportData } from './report-data.js'

const rendered = async (data: ReportData) =>
  parseHTML(await renderReport(data)).document as unknown as Document
const textsOf = (root: ParentNode, selector: string) =>
  [...root.querySelectorAll(selector)].map(({ textContent }) => textContent?.trim())

describe('the report of an interpretation', () => {
  const data = interpretationSample({ words: ['photo', 'pic', 'image'], classNames: ['cat', 'fox', 'owl'] })
  let page: Document
  beforeAll(async () => {
    page = await rendered(data)
  })

  it('lists the words of every vector with distance and cosine, and where the vector began', () => {
    const rows = [...page.querySelectorAll('.words tbody tr')]
    expect(rows).toHaveLength(3)
    expect(textsOf(rows[0]!, 'th, td')).toEqual([
      '1',
      'photo',
      '0.010',
      'photo0.100 · 0.90',
      'pic-0.200 · 0.70',
      'image0.300 · 0.50',
      '0.550',
    ])
    expect(textsOf(rows[2]!, 'td')[0]).toBe('random')
  })

  it('shows each image, and its maps before and after with what is recognised', () => {
    const cards = [...page.querySelectorAll('.looks > li')]
    expect(cards).toHaveLength(3)
    expect(textsOf(cards[0]!, 'figcaption span')).toEqual(['✗ fox 75\u00a0%', '✓ cat 75\u00a0%'])
    expect(textsOf(cards[1]!, 'figcaption span')).toEqual(['✓ fox 75\u00a0%', '✗ cat 75\u00a0%'])
    for (const card of cards) {
      expect(card.textContent).toContain('25\u00a0% of the attention goes to prompts')
      const alternatives = [...card.querySelectorAll('img')].map((image) => image.getAttribute('alt'))
      expect(alternatives[0]).toMatch(/^Image of (cat|fox|owl)$/)
      expect(alternatives[1]).toMatch(/^Heat map before prompting, strongest at the [a-z ]+$/)
      expect(alternatives[2]).toMatch(/^Heat map after prompting, strongest at the [a-z ]+$/)
      const sources = [...card.querySelectorAll('img')].map((image) => image.getAttribute('src'))
      expect(new Set(sources).size).toBe(3)
      for (const source of sources) expect(source).toMatch(/^data:image\/png;base64,/)
    }
  })

  it('tells the scale of the colours as multiples of an even share', () => {
    if (!data.attention || 'absent' in data.attention) throw new Error('the sample has images')
    const { before, after } = data.attention.items[0]
    const multiples = [before, after].flatMap(({ patches }) => {
      const mean = patches.reduce((sum, value) => sum + value, 0) / patches.length
      return Array.from(patches, (value) => value / mean)
    })
    const [low, high] = [Math.min(...multiples), Math.max(...multiples)].map((value) => value.toFixed(1))
    expect(page.querySelector('.looks .note')!.textContent).toContain(
      `Darkest ${low}, lightest ${high} times`,
    )
  })

  it('gives the prompts of a set tables of their own under their names', async () => {
    const set = await rendered(
      interpretationSample({ words: ['a', 'b'], prompts: ['cat', 'fox'], classNames: ['cat', 'fox'] }),
    )
    expect(textsOf(set, '#context summary')).toEqual(['cat', 'fox'])
    expect(set.querySelectorAll('#context details table')).toHaveLength(2)
  })

  it('says why there are no pictures', async () => {
    const without = await rendered({ ...data, attention: { absent: 'a <ResNet> tower' } })
    expect(without.querySelector('#attention p')!.textContent).toBe('No pictures: a <ResNet> tower.')
    expect(without.querySelectorAll('#attention img')).toHaveLength(0)
  })

  it('keeps text from outside as text', async () => {
    const hostile = '"><script>alert(1)</script><img src=x onerror=alert(2)>'
    const risky = await rendered(
      interpretationSample({ words: [hostile, hostile], prompts: [hostile], classNames: [hostile, 'fox'] }),
    )
    expect(risky.querySelectorAll('script, [onerror]')).toHaveLength(0)
    expect(textsOf(risky, '#context summary')).toEqual([hostile])
    expect(textsOf(risky, '.words bdi')[0]).toBe(hostile)
  })
})
