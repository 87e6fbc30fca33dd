import { describe, expect, it } from 'vitest'
import type { FinishedUnit } from '../plans/do-units.js'
import type { Entry } from '../plans/entries.js'
import { comparedRows, rowDifferences } from './compared-rows.js'
import { comparisonJson, comparisonMarkdown, comparisonText } from './formats/comparison.js'

const entry = (label: string, title = label): Entry => ({ label, title, method: label, settings: {} })
const data = { name: 'photos', path: 'photos', fingerprint: 'x' }

/** A unit with accuracies among base and novel classes in percent, or one that failed. */
function unit(entry: Entry, seed: number | null, base?: number, novel?: number): FinishedUnit {
  const evaluation = (accuracy: number) => ({
    metrics: {
      count: 4,
      accuracy,
      macroF1: accuracy,
      perClassAccuracy: [],
      meanPerClassAccuracy: accuracy,
      confusion: [],
      expectedCalibrationError: 0,
    },
    calibration: [],
    samples: [],
    skipped: [],
  })
  const { label, method } = entry
  const measured = {
    ...(base === undefined ? {} : { base: evaluation(base) }),
    ...(novel === undefined ? {} : { novel: evaluation(novel) }),
  }
  return {
    entry,
    folder: `runs/${label}-${seed}`,
    name: label,
    after: [],
    reused: false,
    spec: {
      format: 2,
      label,
      method,
      model: { name: 'tiny', sha256: 'x' },
      data,
      skipBadImages: false,
      settings: { seed, shots: seed === null ? null : 16 },
      measures: (['base', 'novel'] as const).map((classes) => ({ name: classes, data, classes })),
    },
    ...(base === undefined
      ? { failure: { message: 'the disk is full', hint: 'Free some space.' } }
      : {
          result: {
            identity: 'x',
            measures: measured,
            parameters: 7,
            stepSeconds: seed === null ? null : seed / 10,
            peakMemoryMB: 100 + (seed ?? 0),
          },
        }),
  }
}

const odd = entry('odd', 'a|b\\c\nd')
const zeroShot = entry('zero-shot')
const probe = entry('linear-probe')
const lost = entry('lost')
const units = [
  unit(odd, 1, 80, 60),
  unit(zeroShot, null, 50, 70),
  unit(probe, 1, 90),
  unit(lost, 1),
  unit(odd, 2, 90, 70),
  unit(probe, 2),
]

describe('a comparison over draws', () => {
  const on = (draw: number, unit: FinishedUnit): FinishedUnit => {
    const named = { ...data, name: `emoji-food@${draw}` }
    const measures = unit.spec.measures.map((measure) => ({ ...measure, data: named }))
    return { ...unit, spec: { ...unit.spec, data: named, measures } }
  }
  const promptsrc = entry('promptsrc', 'PromptSRC')
  const rows = comparedRows([
    on(1, unit(zeroShot, null, 50, 60)),
    on(1, unit(promptsrc, 1, 60, 61)),
    on(2, unit(zeroShot, null, 80, 90)),
    on(2, unit(promptsrc, 1, 91, 90)),
  ])

  it('has means over draws, and PromptSRC minus the others by draw', () => {
    expect(rows.map(({ base }) => base.mean)).toEqual([65, 75.5])
    const [difference] = rowDifferences(rows)
    expect(difference!.base.runs.map(({ draw, value }) => [draw, value])).toEqual([
      [1, 10],
      [2, 11],
    ])
    expect(difference!.novel!.mean).toBe(0.5)
  })

  it('says so on a terminal, in Markdown and as JSON', () => {
    const pairs = /^zero-shot +\+10\.5 \(\+4\.1 to \+16\.9\) .* 2$/m
    expect(comparisonText(rows)).toMatch(pairs)
    expect(comparisonMarkdown('Title', rows, [])).toContain('| zero-shot | +10.5 (+4.1 to +16.9) |')
    const { over, differences, rows: shown } = comparisonJson({}, rows, [])
    expect(over).toBe('draws')
    expect(differences).toMatchObject([
      { label: 'promptsrc', minus: 'zero-shot', pairs: 2, base: { mean: 10.5 } },
    ])
    expect(shown[1]!.runs.map(({ draw, base }) => [draw, base])).toEqual([
      [1, 60],
      [2, 91],
    ])
  })
})

describe('the rows of a comparison', () => {
  const rows = comparedRows(units)

  it('stand in the order of the plan, those without a finished unit left out', () => {
    expect(rows.map(({ entry }) => entry.label)).toEqual(['odd', 'zero-shot', 'linear-probe'])
  })

  it('have means over seeds, the harmonic mean of the means, and the spread of the seeds', () => {
    const { base, novel, hm, stepSeconds, peakMemoryMB } = rows[0]!
    expect([base.mean, novel!.mean]).toEqual([85, 65])
    expect(hm!.mean).toBeCloseTo((2 * 85 * 65) / 150, 12)
    expect(base.std).toBeCloseTo(Math.sqrt(50), 12)
    expect([stepSeconds, peakMemoryMB]).toEqual([expect.closeTo(0.15, 12), 102])
  })

  it('have no novel accuracy where the method knows only its own classes, and no spread over one run', () => {
    const { novel, hm, base } = rows[2]!
    expect([novel, hm, base.std, base.interval]).toEqual([null, null, null, null])
  })

  it('are empty where nothing is finished', () => {
    expect(comparedRows([unit(lost, 1)])).toEqual([])
  })

  it('stay one line each in Markdown whatever they are called, with what failed below', () => {
    const lines = comparisonMarkdown('Title', rows, units).split('\n')
    expect(lines[4]).toMatch(
      /^\| a\\\|b\\\\c d \| 85\.0 ± 7\.1 \| 21\.5 to 148\.5 \| 65\.0 ± 7\.1 .* \| 7 \| 0\.15 \| 102 \|$/,
    )
    expect(lines.slice(-3)).toEqual([
      '- lost, seed 1: the disk is full (Free some space.)',
      '- linear-probe, seed 2: the disk is full (Free some space.)',
      '',
    ])
  })

  it('give their runs by seed as JSON, and what failed', () => {
    const json = comparisonJson({ out: 'here' }, rows, units)
    expect(json.rows[0]!.runs.map(({ seed, base, novel }) => [seed, base, novel])).toEqual([
      [1, 80, 60],
      [2, 90, 70],
    ])
    expect(json.rows[2]!.runs).toMatchObject([{ seed: 1, base: 90, novel: null, hm: null }])
    expect(json.failed.map(({ label, seed, hint }) => [label, seed, hint])).toEqual([
      ['lost', 1, 'Free some space.'],
      ['linear-probe', 2, 'Free some space.'],
    ])
  })

  it('show intervals on a terminal only of rows with several seeds', () => {
    const [, intervals] = comparisonText(rows).split('\n\n')
    expect(intervals).toMatch(/^95 % /)
    expect(intervals).not.toContain('zero-shot')
  })
})
