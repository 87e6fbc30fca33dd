import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { epochOfCheckpoint, runFiles } from '../../core/run/run-files.js'
import type { UnitSpec } from './unit.js'

/** Share of training in a unit that also measures. */
const TRAINING = 0.8

/** Share of a unit's work that its training is: most of it where there is any. */
export function trainingShare({ trained, settings, measures }: UnitSpec): number {
  if (trained || settings.epochs === undefined) return 0
  return measures.length > 0 ? TRAINING : 1
}

/** Share of a unit's work that is done, by the checkpoints in its folder, for whoever does not do it. */
export async function shareOnDisk(folder: string, spec: UnitSpec): Promise<number> {
  const names = await readdir(join(folder, runFiles.checkpoints)).catch(() => [])
  const epochs = names.map((name) => epochOfCheckpoint(name) ?? 0)
  return (trainingShare(spec) * Math.max(0, ...epochs)) / (Number(spec.settings.epochs) || 1)
}
