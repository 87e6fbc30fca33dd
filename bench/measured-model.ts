import { medianOf } from '../src/core/evaluate/statistics.js'
import type { Session } from '../src/core/runtime/session.js'

/** What a model of `pixel_values` and `logits` takes, and what it says. */
export interface Measured {
  /** From its bytes to the end of the first picture, in seconds. */
  readonly readySeconds: number
  /** Of one picture, the median of all runs, in seconds. */
  readonly runSeconds: number
  /** [pictures, classes] */
  readonly logits: readonly number[]
}

/** Pictures and how often a model is run on one. */
export interface Measuring {
  readonly side: number
  /** Normalised pixels, [n, 3, side, side]. */
  readonly pixels: Float32Array
  /** Those that are classified, the first. */
  readonly pictures: number
  /** Timed runs on the first picture. */
  readonly runs: number
}

/** Opens a model, times it picture by picture, in Node and in a page alike. */
export async function measured(
  open: () => Promise<Session>,
  { side, pixels, pictures, runs }: Measuring,
): Promise<Measured> {
  const one = 3 * side * side
  const start = performance.now()
  await using session = await open()
  const answer = async (i: number) => {
    const data = pixels.slice(i * one, (i + 1) * one)
    return (await session.run({ pixel_values: { shape: [1, 3, side, side], data } })).logits!.data
  }
  await answer(0)
  const readySeconds = (performance.now() - start) / 1000
  const logits: number[] = []
  for (let i = 0; i < pictures; i++) logits.push(...(await answer(i)))
  const seconds: number[] = []
  for (let i = 0; i < runs; i++) {
    const begin = performance.now()
    await answer(0)
    seconds.push((performance.now() - begin) / 1000)
  }
  return { readySeconds, runSeconds: medianOf(seconds)!, logits }
}
