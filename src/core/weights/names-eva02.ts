import { WeightsError } from '../errors.js'
import { squeezed, transposed } from './derived-entry.js'
import type { WeightEntry } from './state-dict.js'

/**
 * Tensors of an EVA-02 image tower under the names of timm within open_clip (`visual.trunk.blocks.0.mlp.fc1_g.weight`), of
 * these or those of EVA-CLIP's authors (`visual.blocks.0.mlp.w1.weight`). Class token and positions lose their leading
 * ones, the last layer's weight becomes CLIP's projection `visual.proj` [width, embed]; tables of rotary positions, which are
 * computed, are dropped. Other tensors stay as they are.
 *
 * @param source what to call the file in messages
 * @throws WeightsError when it has a tensor under both names, or its last layer is no matrix
 */
export function canonicalOfEva02(
  entries: ReadonlyMap<string, WeightEntry>,
  source: string,
): ReadonlyMap<string, WeightEntry> {
  const trunk = /^visual\.(?:trunk\.)?blocks\.\d+\.attn\.q_proj\.weight$/
  if (![...entries.keys()].some((name) => trunk.test(name))) return entries
  const canonical = new Map<string, WeightEntry>()
  for (const [name, entry] of entries) {
    if (rotaryTable.test(name)) continue
    const target = canonicalName(name)
    if (canonical.has(target)) {
      throw new WeightsError(`${source}: has a tensor under two names: "${target}" and "${entry.name}"`, {
        hint: 'The file mixes the names of open_clip with those of the authors of EVA-CLIP.',
      })
    }
    canonical.set(target, reshaped(target, entry, source))
  }
  return canonical
}

function reshaped(target: string, entry: WeightEntry, source: string): WeightEntry {
  if (target === 'visual.proj' && entry.name !== target) {
    if (entry.shape.length === 2) return transposed(target, entry)
    throw new WeightsError(
      `${source}: tensor "${entry.name}" has shape [${entry.shape.join(', ')}], expected two dimensions`,
    )
  }
  const ones = leadingOnes[target]
  const isSqueezed = ones !== undefined && entry.shape.slice(0, ones).every((size) => size === 1)
  return isSqueezed ? squeezed(target, entry, ones) : entry
}

const rotaryTable = /^visual\.(trunk\.)?(blocks\.\d+\.attn\.)?rope\./

/** Leading axes of size 1 in the file. */
const leadingOnes: Readonly<Record<string, number>> = {
  'visual.trunk.cls_token': 2,
  'visual.trunk.pos_embed': 1,
}

const roots = /^visual\.(trunk\.)?(cls_token$|pos_embed$|patch_embed\.|blocks\.|norm\.|head\.)/

const canonicalName = (name: string): string =>
  roots.test(name) ? parts.reduce(replaced, name.replace(/^visual\.(trunk\.)?/, 'visual.trunk.')) : name

const replaced = (name: string, [authors, timm]: readonly [string, string]) => name.replace(authors, timm)

/** What the authors call the parts of a block and what timm does, and the projection. */
const parts: readonly (readonly [authors: string, timm: string])[] = [
  ['visual.trunk.head.weight', 'visual.proj'],
  ['attn.q_bias', 'attn.q_proj.bias'],
  ['attn.v_bias', 'attn.v_proj.bias'],
  ['attn.inner_attn_ln.', 'attn.norm.'],
  ['mlp.w1.', 'mlp.fc1_g.'],
  ['mlp.w2.', 'mlp.fc1_x.'],
  ['mlp.w3.', 'mlp.fc2.'],
  ['mlp.ffn_ln.', 'mlp.norm.'],
]
