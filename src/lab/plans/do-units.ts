import { isDeepStrictEqual } from 'node:util'
import { ConfigError } from '../../core/errors.js'
import type { Engine, EngineOptions, TaskUpdate } from '../engines/engine.js'
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

/** A unit after a call: finished; failed, or kept from beginning by another's failure; or still queued. */
export interface FinishedUnit extends PlannedUnit {
  readonly result?: UnitResult
  readonly failure?: UnitFailure
  /** Whether an earlier call had finished it. */
  readonly reused: boolean
}

/**
 * Does all units that are not finished; what an earlier call finished is taken as it is, what it left half done goes on,
 * what failed is tried again.
 *
 * @throws ConfigError when a unit's folder holds one of other settings, model or images; the engine's errors
 */
export async function doUnits(
  units: readonly PlannedUnit[],
  engine: Engine,
  options: EngineOptions,
): Promise<FinishedUnit[]> {
  await prepare(units)
  const last = new Map<string, TaskUpdate>()
  await engine.run(
    units.map(({ folder, name, after }) => ({ folder, name, after })),
    {
      ...options,
      onUpdate(update) {
        last.set(update.task.folder, update)
        options.onUpdate?.(update)
      },
    },
  )
  return Promise.all(
    units.map(async (unit) => {
      const { state, failure, reused = false } = last.get(unit.folder) ?? {}
      const result = await readResult(unit.folder, unit.spec)
      if (result) return { ...unit, result, reused }
      if (state === 'queued' || state === 'running' || state === 'waiting') return { ...unit, reused }
      return {
        ...unit,
        reused,
        failure: failure ?? (await readFailure(unit.folder)) ?? { message: 'it left no result' },
      }
    }),
  )
}

/**
 * Writes the units' tasks, also where model or images have moved since. Nothing is written where one of them would replace
 * another task.
 */
async function prepare(units: readonly PlannedUnit[]): Promise<void> {
  const changed: PlannedUnit[] = []
  for (const unit of units) {
    const there = await readUnit(unit.folder).catch(() => undefined)
    if (there && identityOf(there) !== identityOf(unit.spec)) throw otherTask(unit, there)
    if (!isDeepStrictEqual(there, unit.spec)) changed.push(unit)
  }
  for (const { folder, spec } of changed) await writeUnit(folder, spec)
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
  for (const key of ['activation', 'pixels', 'frames'] as const) {
    const [found, asked] = [there.model[key], wanted.model[key]].map(
      (value) => JSON.stringify(value) ?? 'none',
    )
    if (found !== asked) return `${key} ${found} of the model, not ${asked}`
  }
  if (there.data.exif !== wanted.data.exif) {
    const seen = (spec: UnitSpec) => (spec.data.exif ? 'applied' : 'ignored')
    return `the EXIF orientation of photos ${seen(there)}, not ${seen(wanted)} (--exif)`
  }
  if (there.data.fingerprint !== wanted.data.fingerprint)
    return `other images or classes of ${there.data.name} than are there now`
  return 'another task'
}
