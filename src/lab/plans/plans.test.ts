import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Dataset, Datum } from '../../core/data/dataset.js'
import { DataError } from '../../core/errors.js'
import type { Engine, UnitTask } from '../engines/engine.js'
import { observationsOf } from '../results/read-units.js'
import { identityOf } from '../units/unit.js'
import { readUnit, type UnitResult, writeFailure, writeResult } from '../units/unit-files.js'
import { type BenchmarkOptions, planBenchmark } from './benchmark.js'
import { planComparison } from './comparison.js'
import { doUnits, type FinishedUnit } from './do-units.js'
import { methodEntries } from './entries.js'

const images = (part: string, count: number): Datum[] =>
  Array.from({ length: count }, (_, i) => ({
    source: `${part}/${i}`,
    label: i % 4,
    load: () => Promise.reject(new Error('no image is to be loaded')),
  }))

const dataset = (name: string, train = 8): Dataset => ({
  name,
  classNames: [...'abcd'].map((letter) => `${name} ${letter}`),
  train: images('train', train),
  val: [],
  test: images('test', 4),
})

const opening =
  (open: (name: string) => Dataset): BenchmarkOptions['open'] =>
  async (name) => ({ dataset: open(name), reference: { path: name } })

let out: string
beforeEach(async () => {
  out = await mkdtemp(join(tmpdir(), 'benchmark-'))
})
afterEach(() => rm(out, { recursive: true, force: true }))

const options = (more: Partial<BenchmarkOptions> = {}): BenchmarkOptions => ({
  protocol: 'base-to-novel',
  datasets: ['A', 'B'],
  shots: [2],
  rows: ['zero-shot', 'promptsrc'],
  seeds: [1, 2],
  model: { name: 'tiny', sha256: '0'.repeat(64) },
  open: opening(dataset),
  out,
  ...more,
})

const foldersOf = async (more: Partial<BenchmarkOptions>) =>
  (await planBenchmark(options(more))).map(({ folder }) => folder.slice(out.length + 1))

describe('the plan of a benchmark', () => {
  it('has a folder for each training and each measure; zero-shot is measured once', async () => {
    expect((await foldersOf({ datasets: ['A'] })).sort()).toEqual([
      'base-to-novel/A/promptsrc/shots2-seed1/A-all',
      'base-to-novel/A/promptsrc/shots2-seed1/A-base',
      'base-to-novel/A/promptsrc/shots2-seed1/A-novel',
      'base-to-novel/A/promptsrc/shots2-seed1/train',
      'base-to-novel/A/promptsrc/shots2-seed2/A-all',
      'base-to-novel/A/promptsrc/shots2-seed2/A-base',
      'base-to-novel/A/promptsrc/shots2-seed2/A-novel',
      'base-to-novel/A/promptsrc/shots2-seed2/train',
      'base-to-novel/A/zero-shot/A-all',
      'base-to-novel/A/zero-shot/A-base',
      'base-to-novel/A/zero-shot/A-novel',
    ])
  })

  it('trains once for all targets of a source, and measures after the training', async () => {
    const units = await planBenchmark(
      options({ protocol: 'cross-dataset', source: 'S', rows: ['ivlp'], seeds: [1] }),
    )
    const [training, ...measures] = units
    expect(training!.spec).toMatchObject({ measures: [], settings: { classes: 'all', shots: 2, seed: 1 } })
    expect(measures.map(({ spec }) => spec.measures.map(({ data }) => data.name))).toEqual([
      ['S'],
      ['A'],
      ['B'],
    ])
    for (const { after, spec, folder } of measures) {
      expect(after).toEqual([training!.folder])
      expect(join(folder, spec.trained!.folder)).toBe(training!.folder)
      expect(spec.trained!.identity).toBe(identityOf(training!.spec))
    }
  })

  it('has as many shots as the largest class has images where all are trained on', async () => {
    // Nine images of four classes.
    const open = opening((name) => dataset(name, 9))
    const plan = await planBenchmark(
      options({
        protocol: 'fully-supervised',
        datasets: ['A'],
        shots: [0],
        rows: ['ivlp'],
        seeds: [1],
        open,
      }),
    )
    expect(plan.map(({ spec }) => [spec.settings.classes, spec.settings.shots])).toEqual([
      ['all', 3],
      ['all', 3],
    ])
    const { folder, spec } = plan[1]!
    const metrics = { accuracy: 50, macroF1: 50 }
    const result = { measures: { 'A-all': { metrics } } } as unknown as UnitResult
    const [found] = observationsOf(folder, spec, result)
    expect(found!.observation).toMatchObject({ protocol: 'fully-supervised', shots: null, accuracy: 50 })
    const texts = options({ protocol: 'fully-supervised', datasets: ['A'], rows: ['protext'] })
    await expect(planBenchmark(texts)).rejects.toThrow(/protext: fully-supervised trains on images/)
  })

  it('refuses sources without training images, and measures without test images', async () => {
    const open = opening((name) => dataset(name, 0))
    await expect(planBenchmark(options({ open }))).rejects.toThrow(DataError)
    const untested = opening((name) => ({ ...dataset(name), test: [] }))
    await expect(planBenchmark(options({ open: untested }))).rejects.toThrow(/no test images/)
  })

  it('learns from sentences where a method does, which tell its runs from others, and counts no images', async () => {
    const texts = (word: string) =>
      opening((name) => {
        const data = dataset(name)
        const sentences = data.classNames.map((className) => [`${word} ${className}`])
        return { ...data, descriptions: { source: 'A.json', sentences } }
      })
    const plan = (word: string, more: Partial<BenchmarkOptions> = {}) =>
      planBenchmark(
        options({
          protocol: 'text-only',
          datasets: ['A'],
          shots: [0],
          rows: ['zero-shot', 'protext'],
          seeds: [1],
          open: async (name) => {
            const { dataset } = await texts(word)(name)
            return { dataset, reference: { path: name, texts: '/texts/A.json' } }
          },
          ...more,
        }),
      )
    const [zeroShot, train, measure] = await plan('a')
    expect(zeroShot!.spec.data.texts).toBeUndefined()
    expect(train!.folder).toContain('text-only/A/protext/shots0-seed1/train')
    expect(train!.spec.data.texts).toMatchObject({ path: '/texts/A.json' })
    expect(measure!.spec.measures[0]!.data.texts).toBeUndefined()
    const [sameZeroShot, other] = await plan('another')
    expect(identityOf(other!.spec)).not.toBe(identityOf(train!.spec))
    expect(identityOf(sameZeroShot!.spec)).toBe(identityOf(zeroShot!.spec))

    await expect(plan('a', { rows: ['promptsrc'] })).rejects.toThrow(
      /promptsrc: text-only has no training images/,
    )
    await expect(plan('a', { protocol: 'few-shot' })).rejects.toThrow(/protext: few-shot counts images/)
    await expect(plan('a', { open: opening(dataset) })).rejects.toThrow(/A comes without descriptions/)
  })

  it('refuses different data sets of one name, whose runs would share a folder', async () => {
    const open = opening((path) => ({ ...dataset('photos'), fingerprint: path }))
    const datasets = ['here/photos', 'there/photos']
    await expect(planBenchmark(options({ open, datasets }))).rejects.toThrow(
      'here/photos and there/photos hold different images',
    )
  })
})

describe('the plan of a comparison', () => {
  const comparison = (data: Dataset) =>
    planComparison({
      entries: methodEntries(['zero-shot', 'linear-probe', 'ivlp'], () => ({ shots: 3 })),
      seeds: [1, 2],
      model: { name: 'tiny', sha256: '0'.repeat(64) },
      data: [{ dataset: data, reference: { path: 'photos' } }],
      out,
    })

  it('names the data set of a unit where there are several draws, and gives each a folder of its own', async () => {
    const units = await planComparison({
      entries: methodEntries(['ivlp'], () => ({ shots: 3 })),
      seeds: [1],
      model: { name: 'tiny', sha256: '0'.repeat(64) },
      data: ['A@1', 'A@2'].map((name) => ({ dataset: dataset(name), reference: { path: name } })),
      out,
    })
    expect(units.map(({ name }) => name)).toEqual(['ivlp, A@1, seed 1', 'ivlp, A@2, seed 1'])
    expect(new Set(units.map(({ folder }) => folder)).size).toBe(2)
  })

  it('has a unit for each row and seed that trains and measures both halves; zero-shot is measured once', async () => {
    const units = await comparison(dataset('A'))
    expect(units.map(({ name }) => name)).toEqual([
      'zero-shot',
      'linear-probe, seed 1',
      'ivlp, seed 1',
      'linear-probe, seed 2',
      'ivlp, seed 2',
    ])
    expect(units.map(({ spec }) => spec.measures.map(({ name }) => name))).toEqual(
      units.map(() => ['base', 'novel']),
    )
    expect(units.map(({ spec: { settings } }) => [settings.shots, settings.seed, settings.classes])).toEqual([
      [null, null, undefined],
      [16, 1, 'base'],
      [3, 1, 'base'],
      [16, 2, 'base'],
      [3, 2, 'base'],
    ])
  })

  it('names folders as version 0.1.0 did, so that its comparisons go on', async () => {
    const units = await comparison(dataset('A'))
    expect(units.map(({ folder }) => folder.slice(out.length + 1))).toEqual([
      'runs/zero-shot-c5852977',
      'runs/linear-probe-seed1-1ffec262',
      'runs/ivlp-seed1-4910900c',
      'runs/linear-probe-seed2-16c4d8c9',
      'runs/ivlp-seed2-80645752',
    ])
  })

  it('refuses data without test images of one half', async () => {
    const data = dataset('A')
    const half = { ...data, test: data.test.filter(({ label }) => label < 2) }
    await expect(comparison(half)).rejects.toThrow('A has no test images of novel classes')
  })
})

const found = (units: readonly FinishedUnit[]) =>
  units.flatMap(({ folder, spec, result }) =>
    result ? observationsOf(folder, spec, result).map(({ observation }) => observation) : [],
  )

describe('a benchmark', () => {
  const result = (identity: string, measures: UnitResult['measures']): UnitResult => ({
    identity,
    measures,
    parameters: 1,
    stepSeconds: null,
    peakMemoryMB: 100,
  })
  const evaluation = (accuracy: number): UnitResult['measures'][string] => ({
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
  /** Does units by writing results, and fails those whose folders are named. */
  const engine = (failing: string[] = []): Engine & { readonly done: string[] } => {
    const done: string[] = []
    return {
      name: 'test',
      interruption: () => 'interrupted',
      done,
      async run(tasks: readonly UnitTask[]) {
        for (const { folder } of tasks) {
          if (failing.some((part) => folder.includes(part))) {
            await writeFailure(folder, { message: 'made to fail', hint: 'nothing' })
            continue
          }
          const spec = await readUnit(folder)
          const measures = Object.fromEntries(spec.measures.map(({ name }) => [name, evaluation(75)]))
          await writeResult(folder, result(identityOf(spec), measures))
          done.push(folder)
        }
      },
    }
  }

  it('gives an accuracy for every measure, with the failures of those that have none', async () => {
    const units = await planBenchmark(options({ rows: ['promptsrc'], seeds: [1] }))
    const finished = await doUnits(units, engine(['B-novel']), {})
    expect(found(finished)).toHaveLength(3)
    expect(found(finished)[0]).toMatchObject({
      protocol: 'base-to-novel',
      method: 'promptsrc',
      dataset: 'A',
      source: 'A',
      classes: 'base',
      shots: 2,
      seed: 1,
      accuracy: 75,
    })
    expect(finished.flatMap(({ failure }) => failure ?? [])).toEqual([
      { message: 'made to fail', hint: 'nothing' },
    ])
  })

  it('goes on with images that have moved', async () => {
    const few = { rows: ['zero-shot'], datasets: ['A'], seeds: [1] }
    await doUnits(await planBenchmark(options(few)), engine(['A-novel']), {})
    const open: BenchmarkOptions['open'] = async (name) => ({
      dataset: dataset(name),
      reference: { path: `moved/${name}` },
    })
    const seen: string[] = []
    const look: Engine = {
      ...engine(),
      async run(tasks) {
        for (const { folder } of tasks) seen.push((await readUnit(folder)).data.path)
      },
    }
    await doUnits(await planBenchmark(options({ ...few, open })), look, {})
    expect(seen).toEqual(['moved/A', 'moved/A', 'moved/A'])
  })

  it('refuses a folder with runs of other settings, and writes nothing there', async () => {
    const few = { rows: ['ivlp'], seeds: [1] }
    await doUnits(await planBenchmark(options(few)), engine(), {})
    const changed = await planBenchmark(
      options({ ...few, datasets: ['C', 'A'], overrides: { learningRate: 0.5 } }),
    )
    await expect(doUnits(changed, engine(), {})).rejects.toThrow(
      `${join(out, 'base-to-novel/A/ivlp/shots2-seed1/train')} holds a run with learningRate 0.0025, not 0.5`,
    )
    expect(await readdir(join(out, 'base-to-novel'))).toEqual(['A', 'B'])
  })
})
