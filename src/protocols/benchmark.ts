import type { Engine, EngineOptions, TaskUpdate } from '../engines/engine.js'
import { ConfigError } from '../errors.js'
import type { Observation, Protocol } from '../results/observation.js'
import { identityOf, type UnitSpec } from '../units/unit.js'
import {
  readFailure,
  readResult,
  readUnit,
  type UnitFailure,
  type UnitResult,
  writeUnit,
} from '../units/unit-files.js'
import type { PlannedUnit } from './plan.js'

/** A unit after a benchmark's call: finished, failed, or kept from beginning by another's failure. */
export interface FinishedUnit extends PlannedUnit {
  readonly result?: UnitResult
  readonly failure?: UnitFailure
}

/**
 * Does all units that are not finished; what an earlier call finished is taken as it is, what it left half done goes on,
 * what failed is tried again.
 *
 * @throws ConfigError when a unit's folder holds one of other settings, model or images; the engine's errors
 */
export async function runBenchmark(
  units: readonly PlannedUnit[],
  engine: Engine,
  options: EngineOptions,
): Promise<FinishedUnit[]> {
  await prepare(units)
  const blocked = new Map<string, UnitFailure>()
  const onUpdate = (update: TaskUpdate) => {
    if (update.failure) blocked.set(update.task.folder, update.failure)
    options.onUpdate?.(update)
  }
  await engine.run(
    units.map(({ folder, name, after }) => ({ folder, name, after })),
    { ...options, onUpdate },
  )
  return Promise.all(
    units.map(async (unit) => {
      const result = await readResult(unit.folder, unit.spec)
      if (result) return { ...unit, result }
      const failure = blocked.get(unit.folder) ??
        (await readFailure(unit.folder)) ?? { message: 'it left no result' }
      return { ...unit, failure }
    }),
  )
}

/** Writes the units' tasks. Nothing is written where one of them would replace another task. */
async function prepare(units: readonly PlannedUnit[]): Promise<void> {
  const missing: PlannedUnit[] = []
  for (const unit of units) {
    const there = await readUnit(unit.folder).catch(() => undefined)
    if (!there) missing.push(unit)
    else if (identityOf(there) !== identityOf(unit.spec)) throw otherTask(unit, there)
  }
  for (const { folder, spec } of missing) await writeUnit(folder, spec)
}

function otherTask({ folder, spec }: PlannedUnit, there: UnitSpec): ConfigError {
  return new ConfigError(`${folder} holds a run with ${difference(there, spec)}`, {
    hint: 'Choose another folder with --out, or remove that one.',
  })
}

/** The first thing in which a unit that is there differs from the one that is wanted. */
function difference(there: UnitSpec, wanted: UnitSpec): string {
  const settings = Object.keys({ ...there.settings, ...wanted.settings }).find(
    (key) => JSON.stringify(there.settings[key]) !== JSON.stringify(wanted.settings[key]),
  )
  if (settings !== undefined) {
    const shown = (spec: UnitSpec) => JSON.stringify(spec.settings[settings]) ?? 'none'
    return `${settings} ${shown(there)}, not ${shown(wanted)}`
  }
  if (there.model.sha256 !== wanted.model.sha256)
    return `model ${there.model.name} (SHA-256 ${there.model.sha256.slice(0, 12)}…), not ${wanted.model.name} (${wanted.model.sha256.slice(0, 12)}…)`
  if (there.data.fingerprint !== wanted.data.fingerprint)
    return `other images or classes of ${there.data.name} than are there now`
  return 'another task'
}

/** The accuracies of finished units, for tables. */
export function observationsOf(units: readonly FinishedUnit[]): Observation[] {
  return units.flatMap(({ folder, spec, result }) =>
    spec.measures.flatMap(({ name, data, classes }) => {
      const metrics = result?.measures[name]?.metrics
      if (!metrics) return []
      return {
        protocol: spec.protocol as Protocol,
        method: spec.label,
        dataset: data.name,
        source: spec.data.name,
        classes,
        shots: spec.settings.shots,
        seed: spec.settings.seed,
        accuracy: metrics.accuracy,
        macroF1: metrics.macroF1,
        from: folder,
      }
    }),
  )
}
