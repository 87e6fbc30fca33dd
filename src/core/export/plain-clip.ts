import { Clip } from '../clip/clip.js'
import type { ClipTensors } from '../clip/weights.js'
import { WeightsError } from '../errors.js'

/** CLIP's tensors with others in the place of those of their names. */
function mergedTensors(tensors: ClipTensors, others: ReadonlyMap<string, Float32Array>): ClipTensors {
  return {
    shape: (name) => tensors.shape(name),
    read: async (name) => others.get(name) ?? tensors.read(name),
    async readRows(name, rows) {
      const own = others.get(name)
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
export function mergedClip(clip: Clip, learned: ReadonlyMap<string, Float32Array>): Clip {
  const { config, tokenizer, name } = clip
  return new Clip({ config, tokenizer, name, tensors: mergedTensors(clip.tensors, learned) })
}

/** Widths inside the blocks' MLPs, which the tensors tell. */
export function innerWidths({ tensors, config }: Clip): { text: number; vision: number } {
  const inner = (prefix: string) => tensors.shape(`${prefix}transformer.resblocks.0.mlp.c_fc.weight`)[0]!
  return {
    text: inner(''),
    vision: config.vision.kind === 'vit' ? inner('visual.') : 4 * config.vision.width,
  }
}
