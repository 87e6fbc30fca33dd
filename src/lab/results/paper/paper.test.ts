import { describe, expect, it } from 'vitest'
import { datasetTemplates } from '../../../core/clip/templates.js'
import { harmonicMean } from '../../../core/evaluate/metrics.js'
import { meanOf } from '../../../core/evaluate/statistics.js'
import { protocols } from '../../plans/protocol.js'
import type { Quantity } from '../observation.js'
import { paperRows, printedRows } from './paper.js'
import type { PaperRow } from './paper-row.js'

/** Printed numbers have two decimals, and so have the ones that they were computed from. */
const ROUNDING = 0.0101

const rows = protocols.flatMap((protocol) => printedRows(protocol, true).map((row) => ({ protocol, row })))
const misprinted = paperRows('few-shot').find(({ method, shots }) => method === 'maple' && shots === 4)!
const withoutImageNet = printedRows('text-only', true).find(({ method }) => method === 'zero-shot')!
const nameOf = ({ protocol, row }: (typeof rows)[number]) =>
  `${protocol}: ${row.method}${row.shots === null ? '' : `, ${row.shots} shots`}`

describe.each(rows.map((each) => [nameOf(each), each.row] as const))('%s', (_, row) => {
  it('names data sets as templates do, with accuracies in percent', () => {
    for (const [dataset, cell] of Object.entries(row.cells)) {
      expect(Object.keys(datasetTemplates)).toContain(dataset)
      for (const value of Object.values(cell)) {
        expect(value).toBeGreaterThan(0)
        expect(value).toBeLessThan(100)
      }
    }
  })

  it('has harmonic means of its base and novel accuracies', () => {
    for (const { base, novel, hm } of [...Object.values(row.cells), row.average]) {
      if (base === undefined || novel === undefined) continue
      expect(Math.abs(harmonicMean(base, novel) - hm!)).toBeLessThan(ROUNDING)
    }
  })

  if (row === misprinted || row === withoutImageNet) return
  it('averages to its printed averages', () => {
    for (const quantity of ['accuracy', 'base', 'novel'] satisfies Quantity[]) {
      const printed = row.average[quantity]
      if (printed === undefined) continue
      const mean = meanOf(row.averaged.map((dataset) => row.cells[dataset]![quantity]!))
      expect(Math.abs(mean - printed)).toBeLessThan(ROUNDING)
    }
  })
})

describe('the paper’s rows', () => {
  it('are whole', () => {
    const whole = ({ averaged, cells }: PaperRow) => averaged.every((dataset) => cells[dataset])
    expect(rows.filter(({ row }) => !whole(row)).map(nameOf)).toEqual([])
  })

  it('have one average that the paper misprints, which is kept: MaPLe’s with 4 shots', () => {
    const { average, averaged, cells } = misprinted
    expect(average.accuracy).toBe(75.37)
    expect(meanOf(averaged.map((dataset) => cells[dataset]!.accuracy!))).toBeCloseTo(75.75, 2)
    const promptSrc = paperRows('few-shot').find(({ method, shots }) => method === 'promptsrc' && shots === 4)
    expect(promptSrc!.average.accuracy! - 75.75).toBeCloseTo(2.59, 1)
  })

  it('are in the tables that the paper has for them', () => {
    const tables = protocols.map((protocol) => [
      protocol,
      ...new Set(paperRows(protocol).map(({ table }) => table)),
    ])
    expect(tables.slice(0, 4)).toEqual([
      ['base-to-novel', 'Table 1', 'Tables 2 and 12'],
      ['cross-dataset', 'Table 3'],
      ['domain-generalization', 'Table 4'],
      ['few-shot', 'Table 13'],
    ])
  })

  it('have the averages of base-to-novel generalization', () => {
    const averages = paperRows('base-to-novel').map(({ method, average: { base, novel, hm } }) => [
      method,
      base,
      novel,
      hm,
    ])
    expect(averages).toEqual([
      ['zero-shot', 69.34, 74.22, 71.7],
      ['coop', 82.69, 63.22, 71.66],
      ['cocoop', 80.47, 71.69, 75.83],
      ['proda', 81.56, 72.3, 76.65],
      ['maple', 82.28, 75.14, 78.55],
      ['ivlp', 84.21, 71.79, 77.51],
      ['promptsrc', 84.26, 76.1, 79.97],
    ])
  })

  it('have CLIP’s average of text-only supervision without ImageNet, as printed', () => {
    const { average, averaged, cells } = withoutImageNet
    const mean = (names: readonly string[]) => meanOf(names.map((name) => cells[name]!.accuracy!))
    expect(average.accuracy).toBe(65.15)
    expect(mean(averaged.slice(1))).toBeCloseTo(65.15, 1)
    expect(mean(averaged)).toBeCloseTo(65.3, 1)
  })

  it('have those of ProText beside them where it is measured, in the order of the data sets', () => {
    const own = printedRows('text-only', true)
    expect(own.map(({ method, average }) => [method, average.accuracy])).toEqual([
      ['zero-shot', 65.15],
      ['cupl', 69.31],
      ['protext', 69.9],
    ])
    expect(own[2]!.cells).toMatchObject({ OxfordPets: { accuracy: 92.72 }, EuroSAT: { accuracy: 58.53 } })
    expect(printedRows('cross-dataset', false).some(({ method }) => method === 'protext')).toBe(false)
  })

  it('are there once each', () => {
    expect(new Set(rows.map(nameOf)).size).toBe(rows.length)
  })
})
