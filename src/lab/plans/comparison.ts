import { join } from 'node:path'
import { selectClasses } from '../../core/data/base-novel.js'
import type { Dataset } from '../../core/data/dataset.js'
import { DataError } from '../../core/errors.js'
import { unitName } from '../units/unit.js'
import type { Entry } from './entries.js'
import { type OpenedData, type PlannedUnit, type PlanOptions, planUnits, type Work } from './plan.js'
import { type Training, trainingsOf } from './protocol.js'
import { SHOTS } from './protocol-data.js'

/** What is compared, on what and where. */
export interface ComparisonOptions extends Omit<PlanOptions, 'open'> {
  readonly entries: readonly Entry[]
  /** A data set, or several draws of one. */
  readonly data: readonly OpenedData[]
}

/**
 * The units of a comparison: base-to-novel on one data set or its draws, whose rows have the settings of their methods and
 * their own. Below `out` lies `runs/<label>-seed<S>-<identity>` for every row, draw and seed: a unit that trains and measures both halves
 * of the classes, so that its seconds and its memory are those of the row.
 *
 * @throws ConfigError, DataError for data and settings that cannot be compared
 */
export async function planComparison(options: ComparisonOptions): Promise<PlannedUnit[]> {
  const { entries, data, out } = options
  const opened = new Map(data.map((one) => [one.dataset.name, one]))
  return planUnits(
    {
      entries,
      trainings: trainingsOf('base-to-novel', { datasets: [...opened.keys()], shots: SHOTS }).map(
        halvesAlone,
      ),
      check,
      settingsOf: async ({ settings }) => settings,
      unitsOf: (work) => [unitOf(join(out, 'runs'), work, opened.size > 1)],
    },
    { ...options, open: async (name) => opened.get(name)! },
  )
}

/** Without all classes together, which a comparison's one unit a run has never measured: finished ones stay what they are. */
const halvesAlone = (training: Training): Training => ({
  ...training,
  measures: training.measures.filter(({ classes }) => classes !== 'all'),
})

/** Refuses data on which base and novel classes cannot both be measured. */
function check({ source, measures }: Training, open: (name: string) => Dataset): void {
  for (const { classes } of measures) {
    if (selectClasses(open(source), classes).test.length > 0) continue
    throw new DataError(`${source} has no test images of ${classes} classes`, {
      hint: 'Base is the first half of the class folders by name, novel the second; both need test images.',
    })
  }
}

function unitOf(
  root: string,
  { measured, spec: common }: Work,
  several: boolean,
): Omit<PlannedUnit, 'entry'> {
  const measures = measured.map(({ data, classes }) => ({ name: classes, data, classes }))
  const spec = { ...common, measures }
  const { label, settings, data } = spec
  const name = [
    label,
    ...(several ? [data.name] : []),
    ...(settings.seed === null ? [] : [`seed ${settings.seed}`]),
  ].join(', ')
  return { folder: join(root, unitName(spec)), name, spec, after: [] }
}
