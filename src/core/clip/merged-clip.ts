import { WeightsError } from '../errors.js'
import { Clip } from './clip.js'
import type { ClipTensors } from './weights.js'

/** Values that are there, or that are made when they are read. */
export type Values = Float32Array | (() => Promise<Float32Array>)

/** CLIP's tensors with others in the place of those of their names. */
function mergedTensors(tensors: ClipTensors, others: ReadonlyMap<string, Values>): ClipTensors {
  const other = async (name: string) => {
    const found = others.get(name)
    return typeof found === 'function' ? found() : found
  }
  return {
    shape: (name) => tensors.shape(name),
    read: async (name) => (await other(name)) ?? tensors.read(name),
    async readRows(name, rows) {
      const own = await other(name)
      if (!own) return tensors.readRows(name, rows)
      const [count, ...rest] = tensors.shape(name)
      const size = rest.reduce((product, n) => product * n, 1)
      const found = new Float32Array(rows.length * size)
      for (const [i, row] of rows.entries()) {
        if (row >= count!) throw new WeightsError(`${name} has ${count} rows, not ${row + 1}`)
        found.set(own.subarray(row * size, (row + 1) * size), i * size)
      }
      return found
    },
  }
}

/** CLIP with tensors of its own replaced by what was learned for them. */
export function mergedClip(clip: Clip, learned: ReadonlyMap<string, Values>): Clip {
  const { config, tokenizer, name } = clip
  return new Clip({ config, tokenizer, name, tensors: mergedTensors(clip.tensors, learned) })
}
