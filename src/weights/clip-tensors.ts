import type { ClipTensors } from '../clip/weights.js'
import { WeightsError } from '../errors.js'
import type { StateDict } from './state-dict.js'

/** A state dict in canonical naming as the towers read it. The last tensor read is kept: parts of it are asked for in turn. */
export function tensorsOf(weights: StateDict): ClipTensors {
  let last: { name: string; values: Promise<Float32Array> } | undefined
  const entry = (name: string) => {
    const found = weights.entries.get(name)
    if (!found) throw new WeightsError(`${weights.source} has no tensor ${name}`)
    return found
  }
  return {
    shape: (name) => entry(name).shape,
    read(name) {
      if (last?.name !== name) last = { name, values: entry(name).read() }
      return last.values
    },
    readRows: (name, rows) => entry(name).readRows(rows),
  }
}
