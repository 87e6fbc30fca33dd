import { describe, expect, it } from 'vitest'
import { aggregate } from '../aggregate.js'
import { sheetOf } from '../layout.js'
import type { Observation } from '../observation.js'
import { csvOf } from './csv.js'
import { latexOf } from './latex.js'
import { markdownOf } from './markdown.js'
import { textOf } from './text.js'

const base: Observation = {
  protocol: 'base-to-novel',
  method: 'promptsrc',
  dataset: 'DescribableTextures',
  source: 'DescribableTextures',
  classes: 'base',
  shots: 16,
  seed: 1,
  accuracy: 83,
  from: 'here',
}
const novel: Observation = { ...base, classes: 'novel', accuracy: 63 }
const strange = '100 % of_{it} | "a,b"\n& \\x'
const odd = [base, novel].map((each) => ({ ...each, method: strange }))
const tables = aggregate([
  base,
  { ...base, seed: 2, accuracy: 84 },
  novel,
  { ...novel, seed: 2, accuracy: 64 },
])
const few = (dataset: string, seed: number): Observation => ({
  ...base,
  protocol: 'few-shot',
  classes: 'all',
  dataset,
  source: dataset,
  seed,
  accuracy: 80 + seed,
})
const incomplete = aggregate([few('EuroSAT', 1), few('EuroSAT', 2), few('photos', 1)])
const sheets = (of = tables) => of.map(sheetOf)

describe('a terminal’s table', () => {
  it('has means with spread, intervals, the paper’s row, and the difference to it', () => {
    const lines = textOf(sheets()).split('\n')
    const at = lines.findIndex((line) => line.startsWith('PromptSRC '))
    expect(lines.slice(at, at + 4)).toEqual([
      expect.stringMatching(/^PromptSRC +83\.50 ± 0\.71 +63\.50 ± 0\.71 +72\.14 ± 0\.72 +2$/),
      expect.stringMatching(/^ {2}95 % +77\.15 to 89\.85 +57\.15 to 69\.85 /),
      expect.stringMatching(/^ {2}− paper +\+0\.13 +\+0\.53 +\+0\.39$/),
      expect.stringMatching(/^PromptSRC \(paper\) +83\.37 +62\.97 +71\.75$/),
    ])
    expect(lines).toContain('DTD')
  })

  it('has means below each other, with and without spread', () => {
    const [own, , , paper] = textOf(sheets())
      .split('\n')
      .filter((line) => /^(PromptSRC| {2}(95|− paper))/.test(line))
    expect(paper!.indexOf('83.37')).toBe(own!.indexOf('83.50'))
  })

  it('marks what is incomplete, and says what it lacks', () => {
    const text = textOf(sheets(incomplete))
    expect(text).toMatch(/^PromptSRC .* 81\.00† /m)
    expect(text).toContain('† PromptSRC lacks photos seed 2.')
    expect(text).toContain('† PromptSRC (paper) lacks photos.')
  })

  it('explains only what it shows', () => {
    const one = aggregate([few('EuroSAT', 1)])
    expect(textOf(sheets())).toContain('\nHM: ')
    expect(textOf(sheets(incomplete))).not.toContain('\nHM: ')
    expect(textOf(sheets(incomplete))).toContain('\nAverages ')
    expect(textOf(sheets(one))).not.toContain('\nAverages ')
  })

  it('is broken into parts for a narrow terminal, and not otherwise', () => {
    const narrow = textOf(sheets(incomplete), 60).split('\n\nPrompt')[0]!
    const table = (text: string) => text.split('\n').filter((line) => /^(method|-{3})/.test(line))
    expect(table(narrow).length).toBeGreaterThan(2)
    expect(Math.max(...table(textOf(sheets(incomplete), 60)).map((line) => line.length))).toBeLessThanOrEqual(
      60,
    )
    expect(table(textOf(sheets(incomplete)))).toHaveLength(2)
  })
})

it('Markdown has as many cells in every line, whatever a method is called', () => {
  const lines = markdownOf(sheets(aggregate(odd)))
    .split('\n')
    .filter((line) => line.startsWith('|'))
  for (const line of lines) expect(line.match(/(?<!\\)\|/g)).toHaveLength(6)
  expect(markdownOf(sheets())).toContain('| PromptSRC (paper) | 83.37 | 62.97 | 71.75 |  |')
})

it('LaTeX is escaped and has as many columns in every line', () => {
  const text = latexOf(sheets(aggregate(odd)))
  expect(text).toContain('100 \\% of\\_\\{it\\} | "a,b" \\& \\textbackslash{}x & $83.00$')
  const body = text.slice(text.indexOf('\\toprule'), text.indexOf('\\bottomrule')).split('\n')
  for (const line of body.filter((line) => line.endsWith('\\\\') && !line.startsWith('\\multicolumn'))) {
    expect(line.match(/(?<!\\)&/g)).toHaveLength(3)
  }
  expect(latexOf(sheets())).toContain('PromptSRC & $83.50 \\pm 0.71$ & $63.50 \\pm 0.71$')
  expect(latexOf(sheets())).toContain('\\quad $-$ paper & $+0.13$')
})

it('CSV has a line for every figure, quoted where it must be', () => {
  const text = csvOf(aggregate(odd, { paper: false }))
  const quoted = `"${strange.replaceAll('"', '""')}"`
  expect(text.replaceAll(quoted, 'ODD').split('\r\n')).toEqual([
    'protocol,source,origin,method,shots,dataset,quantity,mean,std,low95,high95,seeds,complete,paper,difference,printed_in',
    'base-to-novel,,measured,ODD,16,DescribableTextures,base,83,,,,1,true,,,',
    'base-to-novel,,measured,ODD,16,DescribableTextures,novel,63,,,,1,true,,,',
    'base-to-novel,,measured,ODD,16,DescribableTextures,hm,71.63013698630137,,,,1,true,,,',
    '',
  ])
  const formulas = ['=1+cmd', '+1', '-1', '@a', '\tb'].map((dataset) => ({
    ...base,
    dataset,
    source: dataset,
  }))
  for (const { dataset } of formulas) {
    const [, line] = csvOf(aggregate([{ ...base, dataset, source: dataset }], { paper: false })).split('\r\n')
    expect(line).toContain(`,'${dataset},base,83`)
  }
  const [, ...lines] = csvOf(tables).trimEnd().split('\r\n')
  expect(lines.find((line) => line.startsWith('base-to-novel,,measured'))).toMatch(
    /,1 2,true,83\.37,0\.1\d+,$/,
  )
  expect(
    lines.filter((line) => line.includes(',paper,promptsrc,16,')).every((line) => line.endsWith(',Table 1')),
  ).toBe(true)
})
