import type { Clip } from '../core/clip/clip.js'
import { productProbe } from '../core/runtime/product-rate.js'
import type { Runtime } from '../core/runtime/session.js'
import { productSizes } from '../core/train/time-steps.js'
import { secondsOf, type TrainingCost } from '../core/train/training-cost.js'

/** A run of more seconds is long: a faster way is named. */
const LONG = 20 * 60

/** The steps by whose times a run's is estimated; the first, which is slower, is left out. */
export const TIMED_STEPS = 3

/** Operations a second that every machine has: what takes less than a minute at it is not worth a measurement. */
const SLOWEST = 2e10

/** Rows of the products by which a machine is measured. */
const [FEWEST_ROWS, MOST_ROWS] = [256, 4096]

/**
 * The rate of plain matrix products of a model's sizes, measured in less than a second; undefined where the training is so
 * short that it does not matter.
 */
export async function measuredRate(
  cost: TrainingCost,
  {
    clip,
    runtime,
    batchSize,
  }: { readonly clip: Clip; readonly runtime: Runtime; readonly batchSize: number },
): Promise<number | undefined> {
  if (secondsOf(cost, { flops: SLOWEST }) < 60) return undefined
  const { rows, width } = productSizes(clip, batchSize)
  const bounded = Math.max(FEWEST_ROWS, Math.min(MOST_ROWS, rows))
  const probe = await productProbe(runtime, { rows: bounded, width, layers: 1 })
  return probe.rate().finally(() => probe.release())
}

/** What is known before the start. */
export interface PlannedRun {
  readonly cost: TrainingCost
  /** Operations a second; undefined where it was not worth measuring. */
  readonly rate: number | undefined
  /** What the faster way takes; undefined where this is one. */
  readonly fast?: TrainingCost | undefined
}

/** What to say before a run starts: time and memory, and of a long one the faster way. */
export function plannedNote({ cost, rate, fast }: PlannedRun): string {
  const memory = `at most ${(cost.memory / 1e9).toFixed(1)} GB of memory`
  if (rate === undefined) return `estimate: less than a minute, ${memory}`
  const seconds = secondsOf(cost, { flops: rate })
  const rates = `at ${(rate / 1e9).toFixed(0)} GFLOPS in matrix products`
  const time = `estimate: about ${duration(seconds)} ${rates}, ${memory}`
  if (fast === undefined || seconds <= LONG) return time
  return `${time}; ${fastHint(secondsOf(fast, { flops: rate }))}`
}

/** What a run is known by after its first steps. */
export interface RunInProgress {
  /** Seconds of the steps so far. */
  readonly seconds: readonly number[]
  readonly stepsLeft: number
  /** Seconds that were said before the start; undefined where it was less than a minute. */
  readonly said: number | undefined
}

/** What to say of a run that will be long and for which something else was said; undefined of any other. */
export function longRunNote({ seconds, stepsLeft, said = 0 }: RunInProgress): string | undefined {
  const later = [...seconds.slice(1)].sort((a, b) => a - b)
  const step = later[later.length >> 1]
  const left = step === undefined ? 0 : step * stepsLeft
  if (step === undefined || left <= LONG || (left < 1.5 * said && said < 1.5 * left)) return undefined
  const time = `estimate: ${duration(left)} to go at ${step.toFixed(1)} s a step`
  return said > LONG ? time : `${time}; ${fastHint()}`
}

const fastHint = (seconds?: number): string =>
  `with --fast another method learns from frozen features${seconds === undefined ? '' : `, in about ${duration(seconds)}`}`

function duration(seconds: number): string {
  if (seconds < 90) return `${Math.max(1, Math.round(seconds))} seconds`
  const minutes = Math.round(seconds / 60)
  return minutes < 100 ? `${minutes} minutes` : `${(minutes / 60).toFixed(1)} hours`
}
