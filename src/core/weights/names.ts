import { renamed } from './derived-entry.js'
import { canonicalOfEva02 } from './names-eva02.js'
import { canonicalOfHuggingFace } from './names-huggingface.js'
import type { StateDict, WeightEntry } from './state-dict.js'

/** Who named the tensors of a CLIP file. open_clip's plain models use OpenAI's names. */
export type Naming = 'openai' | 'open_clip' | 'huggingface'

/** The tensors of a CLIP model under the names of OpenAI's state dict. */
export interface CanonicalWeights {
  readonly naming: Naming
  readonly entries: ReadonlyMap<string, WeightEntry>
}

/**
 * Maps the tensors of a CLIP file to OpenAI's names and layouts, without reading them: `visual.conv1.weight`,
 * `visual.transformer.resblocks.0.attn.in_proj_weight`, `text_projection` [width, embed], … Image towers that OpenAI has
 * not have the names of timm. Scalars and buffers that are not weights are dropped.
 *
 * @throws WeightsError when tensors that have to be joined do not fit together
 */
export function canonicalWeights(weights: StateDict): CanonicalWeights {
  const named = withoutWrapper(weights.entries)
  const naming = namingOf(named.keys())
  const rename = {
    openai: canonicalOfEva02,
    open_clip: canonicalOfOpenClip,
    huggingface: canonicalOfHuggingFace,
  }[naming]
  const entries = new Map<string, WeightEntry>()
  for (const [name, entry] of rename(named, weights.source)) {
    if (!notWeights.test(name)) entries.set(name, entry.name === name ? entry : renamed(name, entry))
  }
  return { naming, entries }
}

/** Old scalars of OpenAI's files, batch norm counters, position indices and attention masks. */
const notWeights =
  /^(input_resolution|context_length|vocab_size|(text\.)?attn_mask|(.*\.)?num_batches_tracked|(.*\.)?position_ids)$/

function namingOf(names: Iterable<string>): Naming {
  for (const name of names) {
    if (name.startsWith('text_model.') || name.startsWith('vision_model.')) return 'huggingface'
    if (name.startsWith('text.')) return 'open_clip'
  }
  return 'openai'
}

/** open_clip's models with a separate text tower put `text.` before the names of the text side. */
function canonicalOfOpenClip(
  entries: ReadonlyMap<string, WeightEntry>,
  source: string,
): ReadonlyMap<string, WeightEntry> {
  const text = new Map([...entries].map(([name, entry]) => [name.replace(/^text\./, ''), entry]))
  return canonicalOfEva02(text, source)
}

/** Data-parallel training puts `module.` before every name. */
export function withoutWrapper(entries: ReadonlyMap<string, WeightEntry>): ReadonlyMap<string, WeightEntry> {
  const wrapped = entries.size > 0 && [...entries.keys()].every((name) => name.startsWith('module.'))
  return wrapped
    ? new Map([...entries].map(([name, entry]) => [name.slice('module.'.length), entry]))
    : entries
}
