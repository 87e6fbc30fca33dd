import { join } from 'node:path'
import { selectClasses } from '../../core/data/base-novel.js'
import type { Dataset } from '../../core/data/dataset.js'
import { labelledSentences } from '../../core/data/descriptions.js'
import { groupByLabel } from '../../core/data/few-shot.js'
import { ConfigError, DataError } from '../../core/errors.js'
import { baselineNamed } from '../baselines.js'
import { identityOf, type Measure } from '../units/unit.js'
import { type Entry, type EntrySettings, methodEntries } from './entries.js'
import { learnsFromTexts, type PlannedUnit, type PlanOptions, planUnits, type Work } from './plan.js'
import { type Protocol, type ProtocolData, type Training, trainingsOf } from './protocol.js'
import { protocolSettings, type SettingsContext } from './protocol-settings.js'

/** What is benchmarked, with what and where. */
export interface BenchmarkOptions extends ProtocolData, PlanOptions {
  readonly protocol: Protocol
  /** Methods of the registry and baselines by name, or with a label and settings beside the published ones. */
  readonly rows: readonly (string | Entry)[]
  /** What the user sets for all trainings. */
  readonly overrides?: SettingsContext['overrides']
  /** Settings that a model has on a data set in place of published ones; undefined where it has none. */
  readonly ownSettings?: (model: string, dataset: string, method: string) => EntrySettings | undefined
}

/**
 * The units of a benchmark. Below `out` lie `<protocol>/<source>/<label>/shots<K>-seed<S>/train` and, beside it, a
 * folder for every measure, `<data set>-<classes>`; what needs no seed or no images leaves that level out.
 *
 * @throws ConfigError, DataError for data sets, methods and settings that cannot be benchmarked
 */
export async function planBenchmark(options: BenchmarkOptions): Promise<PlannedUnit[]> {
  const { protocol, rows, model, overrides, out } = options
  const entries = rows.flatMap((row) => (typeof row === 'string' ? methodEntries([row]) : row))
  checkMethods(protocol, entries)
  const ofTexts = entries.some(({ method }) => learnsFromTexts(method))
  return planUnits(
    {
      entries,
      trainings: await openedTrainings(options),
      check(training, open) {
        if (ofTexts) labelledSentences(selectClasses(open(training.source), training.classes))
        check(training, open, protocol !== 'text-only')
      },
      async settingsOf({ method, settings: departures }, { shots }, { name: source }) {
        const own = options.ownSettings?.(model.name, source, method)
        const settings = protocolSettings({
          protocol,
          method,
          source,
          shots,
          ...(own ? { own } : {}),
          ...(overrides ? { overrides } : {}),
        })
        const methodOptions = { ...settings.methodOptions, ...departures.methodOptions }
        return { ...settings, shots, ...departures, methodOptions }
      },
      unitsOf: (work) => unitsOf(join(out, protocol), protocol, work),
    },
    options,
  )
}

/** The trainings of a protocol; on all images there are as many shots as the largest class has. */
async function openedTrainings(options: BenchmarkOptions): Promise<Training[]> {
  const trainings = trainingsOf(options.protocol, options)
  if (options.protocol !== 'fully-supervised') return trainings
  return Promise.all(
    trainings.map(async (training) => {
      const { dataset } = await options.open(training.source)
      const classes = groupByLabel(dataset.train).values()
      return { ...training, shots: Math.max(0, ...[...classes].map(({ length }) => length)) }
    }),
  )
}

/** Refuses methods that have nothing to learn from in a protocol. */
function checkMethods(protocol: Protocol, entries: readonly Entry[]): void {
  for (const { method } of entries) {
    if ((protocol === 'few-shot' || protocol === 'fully-supervised') && learnsFromTexts(method)) {
      const counts = protocol === 'few-shot' ? 'counts images' : 'trains on images'
      throw new ConfigError(`${method}: ${protocol} ${counts}, and it learns from texts`, {
        hint: 'Choose text-only.',
      })
    }
    const without = learnsFromTexts(method) || baselineNamed(method)?.seeded === false
    if (protocol === 'text-only' && !without) {
      throw new ConfigError(`${method}: text-only has no training images, which it learns from`, {
        hint: 'Choose --methods zero-shot,protext.',
      })
    }
  }
}

/** Refuses what could be trained or measured on no image. */
function check(
  { source, classes, measures }: Training,
  open: (name: string) => Dataset,
  ofImages: boolean,
): void {
  if (ofImages && selectClasses(open(source), classes).train.length === 0) {
    throw new DataError(`${source} has no training images`, {
      hint: 'Data sets with test images alone are targets of cross-dataset and domain-generalization.',
    })
  }
  for (const { dataset, classes: measured } of measures) {
    if (selectClasses(open(dataset), measured).test.length > 0) continue
    throw new DataError(`${dataset} has no test images of ${measured} classes`, {
      hint: 'Add test images, or leave the data set out.',
    })
  }
}

/** A unit for the training, and one for each measure, so that they can be done on several machines. */
function unitsOf(
  root: string,
  protocol: Protocol,
  { entry, baseline, seed, training, measured, spec: common }: Work,
): Omit<PlannedUnit, 'entry'>[] {
  const { label } = entry
  const { data } = common
  const spec = { ...common, protocol }
  const measures = measured.map(
    (measure): Measure => ({ name: `${measure.data.name}-${measure.classes}`, ...measure }),
  )
  const place = join(root, folderName(data.name), folderName(label))
  const seeded = `shots${spec.settings.shots}-seed${seed}`
  const title = `${label} ${data.name}`

  if (baseline) {
    const known = ({ classes, data: { fingerprint } }: Measure) =>
      classes === training.classes && fingerprint === data.fingerprint
    return (baseline.seeded ? measures.filter(known) : measures).map((measure) => ({
      folder: join(place, baseline.seeded ? seeded : '', folderName(measure.name)),
      name: baseline.seeded ? `${title} ${seeded}: ${measure.name}` : `${title}: ${measure.name}`,
      spec: { ...spec, measures: [measure] },
      after: [],
    }))
  }
  const trained = { folder: join(place, seeded, 'train'), name: `${title} ${seeded}: train`, spec, after: [] }
  return [
    trained,
    ...measures.map((measure) => ({
      folder: join(place, seeded, folderName(measure.name)),
      name: `${title} ${seeded}: ${measure.name}`,
      spec: { ...spec, trained: { folder: '../train', identity: identityOf(spec) }, measures: [measure] },
      after: [trained.folder],
    })),
  ]
}

const folderName = (name: string): string => name.replaceAll(/[^\w.+-]+/g, '-')
