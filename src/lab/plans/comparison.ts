import { join } from 'node:path'
import { selectClasses } from '../../core/data/base-novel.js'
import type { Dataset } from '../../core/data/dataset.js'
import { DataError } from '../../core/errors.js'
import { resolveSettings } from '../../core/train/settings.js'
import { baselineNamed } from '../baselines/registry.js'
import type { TaskUpdate } from '../engines/engine.js'
import { localEngine } from '../engines/local.js'
import { type UnitSpec, unitName } from '../units/unit.js'
import { unitData } from '../units/unit-data.js'
import { readResult, type UnitFailure, type UnitResult, writeUnit } from '../units/unit-files.js'
import type { Entry } from './entries.js'

/** The measures of every unit. */
const halves = ['base', 'novel'] as const

/** Images a class where a baseline's row names no number. */
const SHOTS = 16

/** What is compared, on what and where. */
export interface ComparisonOptions {
  readonly entries: readonly Entry[]
  readonly seeds: readonly number[]
  readonly model: { readonly name: string; readonly sha256: string }
  readonly data: Dataset
  /** Where the data is, to be opened by other processes: a path, or the name of a drawn set. */
  readonly dataPath: string
  /** Folder that the paths of a list are relative to, where it is not the list's own. */
  readonly dataRoot?: string | undefined
  /** File with class names, where there is one. */
  readonly classNames?: string
  readonly skipBadImages?: boolean
  /** Folder of the comparison; units lie in `runs` below it. */
  readonly out: string
  readonly threads?: number
  readonly signal?: AbortSignal
  readonly onProgress?: (progress: ComparisonProgress) => void
}

/** How far a comparison is. */
export interface ComparisonProgress {
  /** Units done, with the share of the one at work. */
  readonly done: number
  readonly total: number
  /** The unit at work. */
  readonly label: string
  /** Null where no seed matters. */
  readonly seed: number | null
  /** Where it has just ended: its result or its failure. */
  readonly ended?: Unit
}

/** A row's unit of one seed, after it was done. Exactly one of `result` and `failure` is there. */
export interface Unit {
  readonly entry: Entry
  readonly spec: UnitSpec
  readonly folder: string
  readonly result?: UnitResult
  /** Why it could not be done, and what to do. */
  readonly failure?: UnitFailure
  /** Whether it was finished by an earlier call. */
  readonly reused: boolean
}

/** What a comparison found. */
export interface Comparison {
  readonly entries: readonly Entry[]
  readonly seeds: readonly number[]
  readonly units: readonly Unit[]
}

/**
 * Trains every entry with every seed on the base classes and measures base and novel classes, each in a process of its
 * own, one after the other. Units that an earlier call finished under the same settings with the same model and images
 * are taken as they are, interrupted ones go on where they were stopped, and failed ones are tried again.
 *
 * @throws ConfigError, DataError for settings and data before anything is trained; the signal's reason when it aborts
 */
export async function runComparison(options: ComparisonOptions): Promise<Comparison> {
  const { entries, seeds, data, threads, signal, onProgress } = options
  checkData(data)
  const planned = new Map((await plan(options)).map((unit) => [unit.folder, unit]))
  for (const { folder, spec } of planned.values()) {
    if (!(await readResult(folder, spec))) await writeUnit(folder, spec)
  }
  const ended = new Map<string, Unit>()
  const onUpdate = ({ task, state, share = 0, result, failure, reused = false }: TaskUpdate) => {
    const unit = planned.get(task.folder)!
    const over = state === 'done' || state === 'failed'
    if (over) {
      const outcome = { ...(result ? { result } : {}), ...(failure ? { failure } : {}) }
      ended.set(task.folder, { ...unit, ...outcome, reused })
    }
    onProgress?.({
      done: ended.size + (over ? 0 : share),
      total: planned.size,
      label: unit.entry.label,
      seed: unit.spec.settings.seed,
      ...(over ? { ended: ended.get(task.folder)! } : {}),
    })
  }
  const tasks = [...planned.values()].map(({ folder, entry }) => ({ folder, name: entry.label, after: [] }))
  // Seconds a step and memory are among the figures: nothing else may run meanwhile.
  await localEngine({ jobs: 1 }).run(tasks, {
    onUpdate,
    ...(threads === undefined ? {} : { threads }),
    ...(signal ? { signal } : {}),
  })
  return { entries, seeds, units: [...planned.keys()].map((folder) => ended.get(folder)!) }
}

/** Tasks and folders of all units. The first seed's come first, so that a table of all rows is early there. */
async function plan(options: ComparisonOptions): Promise<Pick<Unit, 'entry' | 'spec' | 'folder'>[]> {
  const { entries, seeds, model, data, dataPath, dataRoot, classNames, skipBadImages = false, out } = options
  const images = await unitData(data, {
    path: dataPath,
    root: dataRoot,
    ...(classNames === undefined ? {} : { classNames }),
  })
  const common = {
    format: 2,
    model: { name: model.name, sha256: model.sha256 },
    data: images,
    skipBadImages,
    measures: halves.map((classes) => ({ name: classes, data: images, classes })),
  } as const
  return seeds.flatMap((seed, i) =>
    entries
      .filter(({ method }) => i === 0 || (baselineNamed(method)?.seeded ?? true))
      .map((entry) => {
        const { label, method } = entry
        const spec: UnitSpec = { ...common, label, method, settings: unitSettings(entry, seed) }
        return { entry, spec, folder: join(out, 'runs', unitName(spec)) }
      }),
  )
}

function unitSettings({ method, settings }: Entry, seed: number): UnitSpec['settings'] {
  const baseline = baselineNamed(method)
  if (!baseline) return { ...resolveSettings({ ...settings, method, seed, classes: 'base' }) }
  // What has no seed and learns from no image is the same whatever is asked for.
  return baseline.seeded
    ? { seed, shots: settings.shots ?? SHOTS, classes: 'base' }
    : { seed: null, shots: null }
}

/** Refuses data on which base and novel classes cannot both be measured. */
function checkData(data: Dataset): void {
  for (const selection of halves) {
    if (selectClasses(data, selection).test.length === 0) {
      throw new DataError(`${data.name} has no test images of ${selection} classes`, {
        hint: 'Base is the first half of the class folders by name, novel the second; both need test images.',
      })
    }
  }
}
