import { WeightsError } from '../errors.js'
import { stacked, transposed } from './derived-entry.js'
import type { WeightEntry } from './state-dict.js'

/**
 * Tensors of a Hugging Face `CLIPModel` under OpenAI's names: query, key and value projections are stacked, the two
 * output projections transposed. Names that are not those of a CLIPModel stay as they are.
 *
 * @param source what to call the file in messages
 * @throws WeightsError when the projections of a layer do not fit together
 */
export function canonicalOfHuggingFace(
  entries: ReadonlyMap<string, WeightEntry>,
  source: string,
): Map<string, WeightEntry> {
  const canonical = new Map<string, WeightEntry>()
  for (const [name, entry] of entries) {
    const layer = /^(text|vision)_model\.encoder\.layers\.(\d+)\.(.+)$/.exec(name)
    const target = names.get(name)
    if (layer) {
      const [, tower, index, part] = layer as unknown as [string, 'text' | 'vision', string, string]
      const block = `${tower === 'vision' ? 'visual.' : ''}transformer.resblocks.${index}`
      const attention = /^self_attn\.[qkv]_proj\.(weight|bias)$/.exec(part)
      if (attention) {
        const joined = `${block}.attn.in_proj_${attention[1]}`
        if (!canonical.has(joined)) canonical.set(joined, joinedProjection(joined, name, entries, source))
      } else {
        canonical.set(partOf(part, block) ?? name, entry)
      }
    } else if (target && transposedNames.has(target)) {
      if (entry.shape.length !== 2) {
        throw new WeightsError(
          `${source}: tensor "${name}" has shape [${entry.shape}], expected two dimensions`,
        )
      }
      canonical.set(target, transposed(target, entry))
    } else {
      canonical.set(target ?? name, entry)
    }
  }
  return canonical
}

const names: ReadonlyMap<string, string> = new Map([
  ['logit_scale', 'logit_scale'],
  ['text_projection.weight', 'text_projection'],
  ['visual_projection.weight', 'visual.proj'],
  ['text_model.embeddings.token_embedding.weight', 'token_embedding.weight'],
  ['text_model.embeddings.position_embedding.weight', 'positional_embedding'],
  ['text_model.final_layer_norm.weight', 'ln_final.weight'],
  ['text_model.final_layer_norm.bias', 'ln_final.bias'],
  ['vision_model.embeddings.class_embedding', 'visual.class_embedding'],
  ['vision_model.embeddings.patch_embedding.weight', 'visual.conv1.weight'],
  ['vision_model.embeddings.position_embedding.weight', 'visual.positional_embedding'],
  ['vision_model.pre_layrnorm.weight', 'visual.ln_pre.weight'], // spelt so in the library
  ['vision_model.pre_layrnorm.bias', 'visual.ln_pre.bias'],
  ['vision_model.post_layernorm.weight', 'visual.ln_post.weight'],
  ['vision_model.post_layernorm.bias', 'visual.ln_post.bias'],
])

const transposedNames: ReadonlySet<string> = new Set(['text_projection', 'visual.proj'])

const parts: ReadonlyMap<string, string> = new Map([
  ['self_attn.out_proj', 'attn.out_proj'],
  ['layer_norm1', 'ln_1'],
  ['layer_norm2', 'ln_2'],
  ['mlp.fc1', 'mlp.c_fc'],
  ['mlp.fc2', 'mlp.c_proj'],
])

function partOf(part: string, block: string): string | undefined {
  const end = part.lastIndexOf('.')
  const target = parts.get(part.slice(0, end))
  return target && `${block}.${target}${part.slice(end)}`
}

function joinedProjection(
  joined: string,
  name: string,
  entries: ReadonlyMap<string, WeightEntry>,
  source: string,
): WeightEntry {
  const nameOf = (letter: string) => name.replace(/\.[qkv]_proj\./, `.${letter}_proj.`)
  const part = (letter: string): WeightEntry => {
    const entry = entries.get(nameOf(letter))
    if (!entry) throw new WeightsError(`${source}: tensor "${nameOf(letter)}" is missing`)
    return entry
  }
  const [q, k, v] = [part('q'), part('k'), part('v')]
  for (const other of [k, v]) {
    if (q.shape.length === 0 || other.shape.join() !== q.shape.join()) {
      throw new WeightsError(
        `${source}: tensor "${other.name}" has shape [${other.shape.join(', ')}], expected [${q.shape.join(', ')}] as "${q.name}"`,
      )
    }
  }
  return stacked(joined, [q, k, v])
}
