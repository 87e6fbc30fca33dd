import { join } from 'node:path'
import { medianOf } from '../../core/evaluate/statistics.js'
import { writeFileAtomic } from '../../node/files/atomic.js'
import { readRegularText } from '../../node/files/regular-file.js'
import type { LogEntry } from '../../node/runs/run-directory.js'
import { unitFiles } from './unit-files.js'

/** Keeps the peak so far, in MB. Throws UserError when it cannot be written. */
export const keepPeak = (folder: string, peakMemoryMB: number): Promise<void> =>
  writeFileAtomic(join(folder, unitFiles.usage), `${JSON.stringify({ peakMemoryMB })}\n`)

/** The peak of processes that trained before; 0 where there was none or it was not kept. */
export async function earlierPeak(folder: string): Promise<number> {
  try {
    const usage = JSON.parse(await readRegularText(join(folder, unitFiles.usage))) as {
      peakMemoryMB?: unknown
    }
    return Number(usage.peakMemoryMB) || 0
  } catch {
    return 0
  }
}

/**
 * Median time from one training step to the next by a run's log, in seconds. Steps on both sides of an epoch's end, where
 * a checkpoint is written, count only where no epoch has two steps.
 */
export function stepSeconds(log: readonly LogEntry[]): number | null {
  const steps = log.filter(({ event }) => event === 'step')
  const gaps = steps.slice(1).map((entry, i) => ({
    within: entry.epoch === steps[i]!.epoch,
    seconds: (timeOf(entry) - timeOf(steps[i]!)) / 1000,
  }))
  const within = gaps.filter((gap) => gap.within)
  return medianOf((within.length > 0 ? within : gaps).map(({ seconds }) => seconds))
}

const timeOf = ({ time }: LogEntry): number => Date.parse(String(time))
