import { join } from 'node:path'
import { selectClasses } from '../../core/data/base-novel.js'
import type { Dataset } from '../../core/data/dataset.js'
import { DataError } from '../../core/errors.js'
import { resolveSettings, type SettingsInput } from '../../core/train/settings.js'
import { baselineNamed } from '../baselines/registry.js'
import { identityOf, type Measure, type UnitData, type UnitSpec } from '../units/unit.js'
import { type DataReference, unitData } from '../units/unit-data.js'
import { type Cell, cellsOf, type ProtocolData } from './cells.js'
import { isEmbedded } from './entries.js'
import type { Protocol } from './protocol.js'
import { protocolSettings, type SettingsContext } from './protocol-settings.js'

/** What is benchmarked, with what and where. */
export interface BenchmarkOptions extends ProtocolData {
  readonly protocol: Protocol
  /** Of the registry, or baselines. */
  readonly methods: readonly string[]
  readonly seeds: readonly number[]
  readonly model: { readonly name: string; readonly sha256: string }
  /** Opens a data set by its name or path, and says how other processes open it. */
  readonly open: (name: string) => Promise<{ readonly dataset: Dataset; readonly reference: DataReference }>
  readonly overrides?: SettingsContext['overrides']
  readonly skipBadImages?: boolean
  /** Folder of the benchmark; its units lie below, see {@link planBenchmark}. */
  readonly out: string
}

/** A unit to be done, with the folders of those that it needs. */
export interface PlannedUnit {
  readonly folder: string
  readonly name: string
  readonly spec: UnitSpec
  readonly after: readonly string[]
}

/**
 * The units of a benchmark. Below `out` lie `<protocol>/<source>/<method>/shots<K>-seed<S>/train` and, beside it, a
 * folder for every measure, `<data set>-<classes>`; what needs no seed or no images leaves that level out.
 *
 * @throws ConfigError, DataError for data sets, methods and settings that cannot be benchmarked
 */
export async function planBenchmark(options: BenchmarkOptions): Promise<PlannedUnit[]> {
  const cells = cellsOf(options.protocol, options)
  const names = new Set(cells.flatMap(({ source, measures }) => [source, ...measures.map((m) => m.dataset)]))
  const opened = new Map<string, { dataset: Dataset; data: UnitData }>()
  for (const path of names) {
    const { dataset, reference } = await options.open(path)
    opened.set(path, { dataset, data: await unitData(dataset, reference) })
  }
  for (const cell of cells) checkCell(cell, (name) => opened.get(name)!.dataset)

  const planned = new Map<string, PlannedUnit>()
  const add = (unit: PlannedUnit) => {
    const known = planned.get(unit.folder)
    if (known && identityOf(known.spec) !== identityOf(unit.spec)) throw sameFolder(known, unit)
    planned.set(unit.folder, known ?? unit)
  }
  for (const seed of options.seeds) {
    for (const cell of cells) {
      for (const method of options.methods) {
        for (const unit of await unitsOf(cell, method, seed, options, (name) => opened.get(name)!.data))
          add(unit)
      }
    }
  }
  return [...planned.values()]
}

/** The error for data sets that lie in different places under one name. */
function sameFolder(known: PlannedUnit, other: PlannedUnit): DataError {
  const paths = [known, other].flatMap(({ spec }) => [spec.data, ...spec.measures.map(({ data }) => data)])
  const both = [...new Set(paths.map(({ path }) => path))].join(' and ')
  return new DataError(`${both} hold different images, but their runs would share ${known.folder}`, {
    hint: 'Rename one of the data sets, or give each a benchmark of its own with --out.',
  })
}

/** Refuses what could be trained or measured on no image. */
function checkCell({ source, classes, measures }: Cell, open: (name: string) => Dataset): void {
  const dataset = open(source)
  if (selectClasses(dataset, classes).train.length === 0) {
    throw new DataError(`${source} has no training images`, {
      hint: 'Data sets with test images alone are targets of cross-dataset and domain-generalization.',
    })
  }
  for (const { dataset: name, classes: measured } of measures) {
    if (selectClasses(open(name), measured).test.length > 0) continue
    throw new DataError(`${name} has no test images of ${measured} classes`, {
      hint: 'Add test images, or leave the data set out.',
    })
  }
}

async function unitsOf(
  cell: Cell,
  method: string,
  seed: number,
  options: BenchmarkOptions,
  dataOf: (name: string) => UnitData,
): Promise<PlannedUnit[]> {
  const { protocol, model, skipBadImages = false } = options
  const data = dataOf(cell.source)
  const common = { format: 2, label: method, protocol, method, model, data, skipBadImages } as const
  const measures = cell.measures.map(
    ({ dataset, classes }): Measure => ({
      name: `${dataOf(dataset).name}-${classes}`,
      data: dataOf(dataset),
      classes,
    }),
  )
  const baseline = baselineNamed(method)
  const place = join(options.out, protocol, folderName(data.name), method)
  const seeded = `shots${cell.shots}-seed${seed}`
  const title = `${method} ${data.name}`

  if (baseline) {
    const settings = baseline.seeded
      ? { seed, shots: cell.shots, classes: cell.classes }
      : { seed: null, shots: null }
    const own = baseline.seeded ? measures.filter((measure) => isKnown(measure, data, cell)) : measures
    return own.map((measure) => ({
      folder: join(place, baseline.seeded ? seeded : '', folderName(measure.name)),
      name: baseline.seeded ? `${title} ${seeded}: ${measure.name}` : `${title}: ${measure.name}`,
      spec: { ...common, settings, measures: [measure] },
      after: [],
    }))
  }

  const settings = { ...(await settingsOf(cell, method, seed, data, options)) }
  const training: PlannedUnit = {
    folder: join(place, seeded, 'train'),
    name: `${title} ${seeded}: train`,
    spec: { ...common, settings, measures: [] },
    after: [],
  }
  const trained = { folder: '../train', identity: identityOf(training.spec) }
  const evaluations = measures.map(
    (measure): PlannedUnit => ({
      folder: join(place, seeded, folderName(measure.name)),
      name: `${title} ${seeded}: ${measure.name}`,
      spec: { ...common, settings, trained, measures: [measure] },
      after: [training.folder],
    }),
  )
  return [training, ...evaluations]
}

async function settingsOf(
  { classes, shots }: Cell,
  method: string,
  seed: number,
  data: UnitData,
  { protocol, model, overrides }: BenchmarkOptions,
): Promise<SettingsInput & UnitSpec['settings']> {
  const settings = await protocolSettings({
    protocol,
    method,
    source: data.name,
    shots,
    embedded: isEmbedded(model.name, data.name),
    ...(overrides ? { overrides } : {}),
  })
  return { ...resolveSettings({ ...settings, method, classes, shots, seed }) }
}

/** Whether a measure asks for just the classes that were trained. */
const isKnown = (measure: Measure, data: UnitData, { classes }: Cell): boolean =>
  measure.classes === classes && measure.data.fingerprint === data.fingerprint

const folderName = (name: string): string => name.replaceAll(/[^\w.+-]+/g, '-')
