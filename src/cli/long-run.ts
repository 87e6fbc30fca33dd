/** A run of more seconds is long: a faster way is named. */
const LONG = 20 * 60

/** The steps by whose times a run's is estimated; the first, which is slower, is left out. */
export const TIMED_STEPS = 3

/** What a run is known by after its first steps. */
export interface RunInProgress {
  /** Seconds of the steps so far. */
  readonly seconds: readonly number[]
  readonly stepsLeft: number
  /** Bytes. */
  readonly memory: number
}

/** What to say of a run that will be long; undefined of any other. */
export function longRunNote({ seconds, stepsLeft, memory }: RunInProgress): string | undefined {
  const later = [...seconds.slice(1)].sort((a, b) => a - b)
  const step = later[later.length >> 1]
  if (step === undefined || step * stepsLeft <= LONG) return undefined
  return (
    `estimate: ${duration(step * stepsLeft)} to go at ${step.toFixed(1)} s a step, ` +
    `about ${(memory / 1e9).toFixed(1)} GB of memory; with --fast another method learns from frozen features, in the time of ` +
    'computing these once'
  )
}

function duration(seconds: number): string {
  const minutes = Math.round(seconds / 60)
  return minutes < 100 ? `${minutes} minutes` : `${(minutes / 60).toFixed(1)} hours`
}

/** The method of `--fast`, and why it. */
export const fastMethod = {
  name: 'gda',
  reason: 'Gaussians of frozen features in closed form',
} as const
