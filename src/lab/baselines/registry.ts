import type { Baseline } from './baseline.js'
import { linearProbe } from './linear-probe.js'
import { zeroShot } from './zero-shot.js'

/** The baselines by the name that `--methods` takes; a table row each. */
export const baselines: Readonly<Record<string, Baseline>> = {
  'zero-shot': zeroShot,
  'linear-probe': linearProbe,
}

/** The baseline of that name; undefined for a method that trains prompts. */
export const baselineNamed = (name: string): Baseline | undefined =>
  Object.hasOwn(baselines, name) ? baselines[name] : undefined
