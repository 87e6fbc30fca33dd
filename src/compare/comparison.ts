import { join } from 'node:path'
import { baselineNamed } from '../baselines/registry.js'
import { selectClasses } from '../data/base-novel.js'
import type { Dataset } from '../data/dataset.js'
import { DataError, UserError } from '../errors.js'
import { resolveSettings } from '../train/settings.js'
import { spawnUnit } from '../units/spawn-unit.js'
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
  const { entries, seeds, data, onProgress } = options
  checkData(data)
  const planned = await plan(options)
  const units: Unit[] = []
  for (const { entry, spec, folder } of planned) {
    const { label } = entry
    const { seed } = spec.settings
    const tell = (share: number, ended?: Unit) =>
      onProgress?.({
        done: units.length + share,
        total: planned.length,
        label,
        seed,
        ...(ended ? { ended } : {}),
      })
    tell(0)
    const unit = await finish(folder, spec, options, (share) => tell(share))
    const ended: Unit = { entry, spec, folder, ...unit }
    tell(1, ended)
    units.push(ended)
  }
  return { entries, seeds, units }
}

/** Tasks and folders of all units. The first seed's come first, so that a table of all rows is early there. */
async function plan(options: ComparisonOptions): Promise<Pick<Unit, 'entry' | 'spec' | 'folder'>[]> {
  const { entries, seeds, model, data, dataPath, classNames, skipBadImages = false, out } = options
  const images = await unitData(data, {
    path: dataPath,
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

async function finish(
  folder: string,
  spec: UnitSpec,
  { threads, signal }: ComparisonOptions,
  onShare: (share: number) => void,
): Promise<Pick<Unit, 'result' | 'failure' | 'reused'>> {
  const known = await readResult(folder, spec)
  if (known) return { result: known, reused: true }
  await writeUnit(folder, spec)
  try {
    await spawnUnit(folder, {
      onProgress: ({ share }) => onShare(share),
      ...(threads === undefined ? {} : { threads }),
      ...(signal ? { signal } : {}),
    })
  } catch (error) {
    if (!(error instanceof UserError)) throw error
    const { message, hint } = error
    return { failure: { message, ...(hint ? { hint } : {}) }, reused: false }
  }
  const result = await readResult(folder, spec)
  return result
    ? { result, reused: false }
    : { failure: { message: `its process ended, but ${folder} holds no result` }, reused: false }
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

/** The error with which a comparison ends that has failed units; undefined where all are done. */
export function failureOf({ units }: Comparison): UserError | undefined {
  const failed = units.filter(({ failure }) => failure !== undefined)
  if (failed.length === 0) return undefined
  return new UserError(`${failed.length} of ${units.length} runs failed`, {
    hint: 'The same call tries them again; finished runs are not repeated.',
  })
}
