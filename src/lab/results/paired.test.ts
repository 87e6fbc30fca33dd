import { describe, expect, it } from 'vitest'
import { harmonicMean } from '../../core/evaluate/metrics.js'
import { summarize } from '../../core/evaluate/statistics.js'
import { aggregate } from './aggregate.js'
import { textOf } from './formats/text.js'
import { differenceSheetOf, sheetsOf } from './layout.js'
import type { Observation } from './observation.js'
import { differencesOf } from './paired.js'
import { figureOf } from './result-table.js'

type Cell = readonly [draw: number | undefined, seed: number | null, base: number, novel: number]

const runs = (method: string, cells: readonly Cell[], dataset = 'emoji-food'): Observation[] =>
  cells.flatMap(([draw, seed, base, novel]) =>
    (['base', 'novel'] as const).map((classes) => ({
      protocol: 'base-to-novel',
      method,
      dataset,
      source: dataset,
      classes,
      shots: seed === null ? null : 16,
      seed,
      ...(draw === undefined ? {} : { draw }),
      accuracy: classes === 'base' ? base : novel,
      from: `${method} ${draw} ${seed}`,
    })),
  )

const tableOf = (...observations: Observation[][]) => aggregate(observations.flat(), { paper: false })[0]!

/** Draws that differ by far more than the methods do. */
const drawn = tableOf(
  runs('zero-shot', [
    [1, null, 30, 40],
    [2, null, 60, 70],
    [3, null, 80, 90],
  ]),
  runs('ivlp', [
    [1, 1, 40, 30],
    [2, 1, 71, 60],
    [3, 1, 89, 80],
  ]),
  runs('promptsrc', [
    [1, 1, 41, 40],
    [1, 2, 43, 42],
    [2, 1, 72, 71],
    [2, 2, 74, 69],
    [3, 1, 90, 90],
    [3, 2, 92, 92],
  ]),
)

describe('several draws', () => {
  it('are what a row is over, each the mean over its seeds', () => {
    const row = drawn.rows.find(({ method }) => method === 'promptsrc')!
    const base = figureOf(row, 'emoji-food', 'base')!
    expect([drawn.over, row.draws, row.seeds]).toEqual(['draws', [1, 2, 3], [1, 2]])
    expect(base.runs).toEqual([42, 73, 91].map((value, i) => ({ seed: null, draw: i + 1, value })))
    expect(base).toMatchObject({ ...summarize([42, 73, 91]), missing: [] })
  })

  it('count only where they have all of their row’s seeds', () => {
    const table = tableOf(
      runs('promptsrc', [
        [1, 1, 40, 50],
        [1, 2, 42, 52],
        [2, 1, 99, 99],
      ]),
    )
    const base = figureOf(table.rows[0]!, 'emoji-food', 'base')!
    expect(base).toMatchObject({ mean: 41, missing: [{ dataset: 'emoji-food', seed: null, draw: 2 }] })
  })

  it('leave a single draw over its seeds', () => {
    const table = tableOf(
      runs('promptsrc', [
        [4, 1, 40, 50],
        [4, 2, 42, 52],
      ]),
    )
    const base = figureOf(table.rows[0]!, 'emoji-food', 'base')!
    expect([table.over, base.runs]).toEqual([
      'seeds',
      [
        { seed: 1, value: 40 },
        { seed: 2, value: 42 },
      ],
    ])
  })
})

describe('paired differences', () => {
  const { rows, minuend } = differencesOf(drawn)!

  it('are PromptSRC minus each other method, with the interval of the pairs', () => {
    expect(minuend).toBe('PromptSRC')
    expect(rows.map(({ title }) => title)).toEqual(['PromptSRC − zero-shot CLIP', 'PromptSRC − IVLP'])
    const ivlp = figureOf(rows[1]!, 'emoji-food', 'base')!
    expect(ivlp).toMatchObject(summarize([2, 2, 2]))
    const novel = figureOf(rows[1]!, 'emoji-food', 'novel')!
    expect(novel).toMatchObject(summarize([41 - 30, 70 - 60, 91 - 80]))
  })

  it('of the harmonic mean are taken pair by pair', () => {
    const hm = figureOf(rows[0]!, 'emoji-food', 'hm')!
    const pairs = [
      harmonicMean(42, 41) - harmonicMean(30, 40),
      harmonicMean(73, 70) - harmonicMean(60, 70),
      harmonicMean(91, 91) - harmonicMean(80, 90),
    ]
    expect(hm.mean).toBeCloseTo(summarize(pairs).mean, 12)
    expect(hm.interval![0]).toBeCloseTo(summarize(pairs).interval![0], 12)
  })

  it('over seeds take what has no seed beside every seed, and pair no seed that one lacks', () => {
    const table = tableOf(
      runs('zero-shot', [[undefined, null, 50, 60]], 'photos'),
      runs(
        'ivlp',
        [
          [undefined, 1, 60, 50],
          [undefined, 3, 64, 50],
        ],
        'photos',
      ),
      runs(
        'promptsrc',
        [
          [undefined, 1, 61, 60],
          [undefined, 2, 63, 60],
          [undefined, 3, 66, 60],
        ],
        'photos',
      ),
    )
    const [zeroShot, ivlp] = differencesOf(table)!.rows
    expect(figureOf(zeroShot!, 'photos', 'base')!.runs.map(({ seed, value }) => [seed, value])).toEqual([
      [1, 11],
      [2, 13],
      [3, 16],
    ])
    expect(figureOf(ivlp!, 'photos', 'base')!.runs.map(({ seed, value }) => [seed, value])).toEqual([
      [1, 1],
      [3, 2],
    ])
  })

  it('over data sets are those of the averages of each draw', () => {
    const cells = (add: number): Cell[] => [
      [1, 1, 40 + add, 50],
      [2, 1, 60 + 3 * add, 50],
    ]
    const table = tableOf(
      runs('ivlp', cells(0)),
      runs('ivlp', cells(0), 'emoji-sky'),
      runs('promptsrc', cells(2)),
      runs('promptsrc', cells(4), 'emoji-sky'),
    )
    const average = figureOf(differencesOf(table)!.rows[0]!, null, 'base')!
    expect(average.runs.map(({ draw, value }) => [draw, value])).toEqual([
      [1, 3],
      [2, 9],
    ])
  })

  it('are not there where nothing was measured several times', () => {
    expect(
      differencesOf(tableOf(runs('ivlp', [[1, 1, 40, 50]]), runs('promptsrc', [[1, 1, 45, 50]]))),
    ).toBeUndefined()
  })

  it('are printed with signs below their table, with the number of draws', () => {
    const lines = textOf(sheetsOf([drawn])).split('\n')
    expect(lines).toContain('Base-to-novel generalization: PromptSRC minus each other method')
    expect(lines.find((line) => line.startsWith('PromptSRC − IVLP'))).toMatch(/ \+2\.00 ± 0\.00 .* 3$/)
    expect(lines.filter((line) => /^method .* draws$/.test(line))).toHaveLength(2)
    expect(differenceSheetOf(drawn)!.notes.at(-1)).toContain('draw by draw')
  })
})
