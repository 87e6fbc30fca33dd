import { expect, it } from 'vitest'
import { harmonicMean } from '../../../core/evaluate/metrics.js'
import { meanOf } from '../../../core/evaluate/statistics.js'
import { methods } from '../../../core/methods/registry.js'
import { baselines } from '../../baselines.js'
import { ablationEntries, choiceEntries, choices } from '../../plans/ablation.js'
import { paperRows } from './paper.js'
import { paperTables } from './tables.js'
import { videoTables } from './vifi-clip.js'

const ROUNDING = 0.0101
const table = (number: number) => paperTables.find((each) => each.number === number)!

it('numbers thirteen tables, each with how it is made or with what is lacking', () => {
  expect(paperTables.map(({ number }) => number)).toEqual(Array.from({ length: 13 }, (_, i) => i + 1))
  for (const { making, lacks } of paperTables) expect(making === undefined).toBe(lacks !== undefined)
})

it('makes its rows of methods and comparisons that there are', () => {
  for (const { making } of paperTables) {
    if (making?.by === 'ablate') {
      const choice = choices.find((name) => name === making.part)
      expect(choice ? choiceEntries(choice, 'ivlp') : ablationEntries('ivlp')).toHaveLength(making.rows)
    } else if (making) {
      for (const name of making.methods) expect({ ...methods, ...baselines }).toHaveProperty([name])
    }
  }
})

it.each([
  [2, ROUNDING],
  [5, ROUNDING],
  [6, ROUNDING],
  [10, ROUNDING],
  [11, ROUNDING],
  // Of one decimal, and so are the ones that they were computed from.
  [9, 0.101],
])('prints harmonic means of base and novel in table %d', (number, rounding) => {
  for (const [, base, novel, hm] of table(number).printed!.rows) {
    expect(Math.abs(harmonicMean(base!, novel!) - hm!)).toBeLessThan(rounding)
  }
})

it('prints components by data set that average to those of table 2, but for the misprint', () => {
  const averages = table(2)
    .printed!.rows.slice(1)
    .map(([, ...values]) => values)
  const rows = table(12).printed!.rows
  const means = [0, 1, 3, 4, 6, 7].map((i) => meanOf(rows.map(([, ...values]) => values[i]!)))
  for (const [i, [base, novel]] of averages.entries()) {
    // 95.43 in place of 95.33 moves the last base average by 0.1 / 11.
    expect(Math.abs(means[2 * i]! - base!)).toBeLessThan(ROUNDING + (i === 2 ? 0.1 / 11 : 0))
    expect(Math.abs(means[2 * i + 1]! - novel!)).toBeLessThan(ROUNDING)
  }
  const full = paperRows('base-to-novel').find(({ method }) => method === 'promptsrc')!
  const others = rows.flatMap(([dataset, ...values]) =>
    full.cells[dataset]!.base === values[6] ? [] : [dataset],
  )
  expect(others).toEqual(['OxfordPets'])
})

it('prints harmonic means of base and novel of ViFi-CLIP, and as many figures as its heads name', () => {
  const all = videoTables.flatMap(({ printed }) => printed)
  for (const { head, rows } of all) for (const row of rows) expect(row).toHaveLength(head.length)
  const halves = all.filter(({ head }) => head.includes('HM'))
  expect(halves).toHaveLength(4)
  for (const { rows } of halves) {
    for (const [, base, novel, hm] of rows)
      expect(Math.abs(harmonicMean(base!, novel!) - hm!)).toBeLessThan(0.101)
  }
  // The PromptSRC paper prints two of these rows again.
  const ucf = halves.find(({ head }) => head[0] === 'UCF-101')!.rows
  const ivlp = table(9).printed!.rows.find(([name]) => name === 'IVLP')!
  expect(ucf.at(-1)!.slice(1)).toEqual(ivlp.slice(1))
})
