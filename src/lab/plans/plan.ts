import type { Dataset } from '../../core/data/dataset.js'
import { DataError } from '../../core/errors.js'
import { methodNamed } from '../../core/methods/registry.js'
import type { ModelReference } from '../../core/model-reference.js'
import { resolveSettings, type SettingsInput } from '../../core/train/settings.js'
import { type Baseline, baselineNamed } from '../baselines.js'
import { identityOf, type Measure, type UnitData, type UnitSpec } from '../units/unit.js'
import { type DataReference, unitData } from '../units/unit-data.js'
import type { Entry } from './entries.js'
import type { Training } from './protocol.js'

/** A data set, and how other processes open it. */
export interface OpenedData {
  readonly dataset: Dataset
  readonly reference: DataReference
}

/** What every plan is made of, whatever it is for. */
export interface PlanOptions {
  readonly seeds: readonly number[]
  readonly model: ModelReference
  /** Opens a data set by its name or path. */
  readonly open: (name: string) => Promise<OpenedData>
  readonly skipBadImages?: boolean
  /** Folder that all units lie below. */
  readonly out: string
}

/** A unit to be done, with the row that it belongs to and the folders of the units that it needs. */
export interface PlannedUnit {
  readonly entry: Entry
  readonly folder: string
  readonly name: string
  readonly spec: UnitSpec
  readonly after: readonly string[]
}

/** A row's work with one seed on one training, to be divided into units. */
export interface Work {
  readonly entry: Entry
  /** What is measured in place of a training, where the row is one. */
  readonly baseline: Baseline | undefined
  readonly seed: number
  readonly training: Training
  readonly measured: readonly Omit<Measure, 'name'>[]
  /** Task of a unit that measures nothing. */
  readonly spec: UnitSpec
}

/** What tells one kind of plan from another. */
export interface PlanKind {
  readonly entries: readonly Entry[]
  readonly trainings: readonly Training[]
  /** Refuses data that cannot be trained or measured. */
  readonly check: (training: Training, open: (name: string) => Dataset) => void
  /** Settings of a row that trains, but for its method, classes and seed. */
  readonly settingsOf: (entry: Entry, training: Training, source: UnitData) => Promise<SettingsInput>
  /** The units of some work: their folders, and how it is divided. */
  readonly unitsOf: (work: Work) => Omit<PlannedUnit, 'entry'>[]
}

/**
 * The units of a plan, each once. The first seed's come first, so that a table of all rows is early there.
 *
 * @throws ConfigError, DataError for data sets, methods and settings that cannot be trained or measured
 */
export async function planUnits(kind: PlanKind, options: PlanOptions): Promise<PlannedUnit[]> {
  const { entries, trainings, check, settingsOf, unitsOf } = kind
  const { model, skipBadImages = false } = options
  const names = new Set(
    trainings.flatMap(({ source, measures }) => [source, ...measures.map(({ dataset }) => dataset)]),
  )
  const opened = new Map<string, OpenedData>()
  for (const name of names) opened.set(name, await options.open(name))
  for (const training of trainings) check(training, (name) => opened.get(name)!.dataset)
  const found = new Map<string, UnitData>()
  for (const [name, { dataset, reference }] of opened) found.set(name, await unitData(dataset, reference))

  const workOf = async (entry: Entry, training: Training, seed: number): Promise<Work> => {
    const { label, method } = entry
    const { classes } = training
    const whole = found.get(training.source)!
    const data = learnsFromTexts(method) ? whole : withoutTexts(whole)
    const baseline = baselineNamed(method)
    const settings = baseline
      ? baselineSettings(baseline, entry, training, seed)
      : { ...resolveSettings({ ...(await settingsOf(entry, training, data)), method, classes, seed }) }
    return {
      entry,
      baseline,
      seed,
      training,
      measured: training.measures.map(({ dataset, classes }) => ({
        data: withoutTexts(found.get(dataset)!),
        classes,
      })),
      spec: { format: 2, label, method, model, data, skipBadImages, settings, measures: [] },
    }
  }
  const planned = new Map<string, PlannedUnit>()
  for (const seed of options.seeds) {
    for (const training of trainings) {
      for (const entry of entries) {
        for (const unit of unitsOf(await workOf(entry, training, seed))) {
          const known = planned.get(unit.folder)
          if (known && identityOf(known.spec) !== identityOf(unit.spec)) throw sameFolder(known, unit)
          planned.set(unit.folder, known ?? { entry, ...unit })
        }
      }
    }
  }
  return [...planned.values()]
}

/** Whether a method, or a baseline, learns from sentences about the classes. */
export const learnsFromTexts = (method: string): boolean =>
  !baselineNamed(method) && methodNamed(method).learning === 'texts'

/** Sentences decide nothing where images are learned from, or measured. */
const withoutTexts = ({ texts: _, ...data }: UnitData): UnitData => data

/** What has no seed and learns from no image is the same whatever is asked for. */
function baselineSettings(
  { seeded }: Baseline,
  { settings }: Entry,
  { shots, classes }: Training,
  seed: number,
): UnitSpec['settings'] {
  return seeded ? { seed, shots: settings.shots ?? shots, classes } : { seed: null, shots: null }
}

/** The error for data sets that lie in different places under one name. */
function sameFolder(known: PlannedUnit, other: Pick<PlannedUnit, 'spec'>): DataError {
  const paths = [known, other].flatMap(({ spec }) => [spec.data, ...spec.measures.map(({ data }) => data)])
  const both = [...new Set(paths.map(({ path }) => path))].join(' and ')
  return new DataError(`${both} hold different images, but their runs would share ${known.folder}`, {
    hint: 'Rename one of the data sets, or give each a benchmark of its own with --out.',
  })
}
