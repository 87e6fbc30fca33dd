import type { ClipTensors } from '../clip/weights.js'
import { WeightsError } from '../errors.js'
import type { StateDict } from './state-dict.js'

/** Tensors kept after reading: a block's layers ask for parts of the same few in turn. */
const KEPT = 8

/** A state dict in canonical naming as the towers read it. The tensors read last are kept for a while. */
export function tensorsOf(weights: StateDict): ClipTensors {
  const kept = new Map<string, Promise<Float32Array>>()
  const entry = (name: string) => {
    const found = weights.entries.get(name)
    if (!found) throw new WeightsError(`${weights.source} has no tensor ${name}`)
    return found
  }
  return {
    shape: (name) => entry(name).shape,
    read(name) {
      const values = kept.get(name) ?? entry(name).read()
      kept.delete(name)
      kept.set(name, values)
      for (const oldest of kept.keys()) {
        if (kept.size <= KEPT) break
        kept.delete(oldest)
      }
      return values
    },
    readRows: (name, rows) => entry(name).readRows(rows),
    readInto: (name, into, row) => entry(name).readInto(into, row),
  }
}
