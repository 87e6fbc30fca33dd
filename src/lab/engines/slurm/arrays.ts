import type { UnitTask } from '../engine.js'

/** Where a unit is in Slurm. */
export interface Place {
  /** Id of the job array. */
  readonly job: string
  readonly index: number
}

/** A job array to be submitted. */
export interface PlannedArray {
  /** By their indices, which begin at 1. */
  readonly tasks: ReadonlyMap<number, UnitTask>
  /** As sbatch takes it. */
  readonly dependency?: string
}

/** With more tasks to wait for than these, whole arrays are waited for: sbatch's argument must not grow without end. */
const LONGEST_LIST = 50

/**
 * Job arrays for tasks whose needs are in the queue already.
 *
 * Tasks that need one unit each go into an array whose indices are those of their needs, so that `aftercorr` lets each
 * begin when its own is done; where several need the same unit there are several such arrays. Tasks that need the same
 * several units share an array.
 *
 * @param needs the places of the unfinished units that a task needs
 * @param most greatest number of an array's tasks
 */
export function planArrays(
  tasks: readonly UnitTask[],
  needs: (task: UnitTask) => readonly Place[],
  most: number,
): PlannedArray[] {
  const layers = new Map<string, Map<number, UnitTask>[]>()
  const groups = new Map<string, UnitTask[]>()
  for (const task of tasks) {
    const places = needs(task)
    if (places.length === 1) {
      const { job, index } = places[0]!
      const dependency = `aftercorr:${job}`
      const known = layers.get(dependency) ?? []
      const layer = known.find((tasks) => !tasks.has(index)) ?? new Map()
      if (layer.size === 0) known.push(layer)
      layer.set(index, task)
      layers.set(dependency, known)
    } else {
      const dependency = afterAll(places)
      groups.set(dependency, [...(groups.get(dependency) ?? []), task])
    }
  }
  return [
    ...[...groups].flatMap(([dependency, all]) =>
      chunks(all, most).map((some) => ({
        tasks: new Map(some.map((task, i) => [i + 1, task])),
        ...(dependency ? { dependency } : {}),
      })),
    ),
    ...[...layers].flatMap(([dependency, maps]) => maps.map((tasks) => ({ tasks, dependency }))),
  ]
}

/** A unit that begins although one that it needs has failed says so and fails itself. */
function afterAll(places: readonly Place[]): string {
  if (places.length === 0) return ''
  if (places.length > LONGEST_LIST) return `afterany:${[...new Set(places.map(({ job }) => job))].join(':')}`
  return `afterok:${places.map(({ job, index }) => `${job}_${index}`).join(':')}`
}

function chunks<T>(values: readonly T[], most: number): T[][] {
  const count = Math.ceil(values.length / most)
  return Array.from({ length: count }, (_, i) => values.slice(i * most, (i + 1) * most))
}

/** Indices as sbatch takes them: `1-4,7`. */
export function ranges(indices: Iterable<number>): string {
  const runs: [number, number][] = []
  for (const index of [...indices].sort((a, b) => a - b)) {
    const last = runs.at(-1)
    if (last?.[1] === index - 1) last[1] = index
    else runs.push([index, index])
  }
  return runs.map(([from, to]) => (from === to ? `${from}` : `${from}-${to}`)).join(',')
}
