import type { Found } from './found.js'
import type { Observation } from './observation.js'

/** What was measured, without what it gave. */
const subjectOf = (observation: Observation): string => {
  const { protocol, method, source, dataset, classes, among, shots, seed, draw } = observation
  return JSON.stringify([protocol, method, source, dataset, classes, among ?? null, shots, seed, draw ?? 0])
}

/**
 * Observations with rows of their own for runs of several models or configurations under one name, where the name alone
 * would mix them: where two have the same data set, classes, shots and seed.
 */
export function tellApart(found: readonly Found[]): Observation[] {
  const variants = new Map<string, string>()
  const mixed = new Set<string>()
  for (const { observation, variant } of found) {
    const subject = subjectOf(observation)
    const other = variants.get(subject)
    if (other === undefined) variants.set(subject, variant)
    else if (other !== variant) mixed.add(rowOf(observation))
  }
  return found.map(({ observation, variant }) => {
    if (!mixed.has(rowOf(observation)) || variant === '') return observation
    const { method } = observation
    const row = method.endsWith(')') ? `${method.slice(0, -1)}, ${variant})` : `${method} (${variant})`
    return { ...observation, method: row }
  })
}

const rowOf = ({ protocol, method }: Observation): string => `${protocol} ${method}`

/** A run that was found more than once. */
export interface Repeat {
  readonly counted: Observation
  readonly left: Observation
}

/** Every run once, the one that was found first; what was found again is told. */
export function withoutRepeats(observations: readonly Observation[]): {
  readonly once: readonly Observation[]
  readonly repeats: readonly Repeat[]
} {
  const subjects = new Map<string, Observation>()
  const repeats: Repeat[] = []
  for (const observation of observations) {
    const subject = subjectOf(observation)
    const counted = subjects.get(subject)
    if (counted) repeats.push({ counted, left: observation })
    else subjects.set(subject, observation)
  }
  return { once: [...subjects.values()], repeats }
}
