import type { Clip } from '../../core/clip/clip.js'
import { WeightsError } from '../../core/errors.js'
import type { StateDict, WeightEntry } from '../../core/weights/state-dict.js'
import { PROMPT_LEARNER } from './learners.js'

/** Values of an embedding that tell it from all others. */
const KEY_VALUES = 8

/**
 * The tokens behind the context of every class, which the reference keeps as embeddings: the rest of the initial words,
 * the class name, and the full stop. Undefined where the checkpoint does not hold them, or they are not embeddings of
 * this model.
 *
 * @param key of the embeddings, where these are of whole texts; the token of their start is left out
 */
export async function fixedTokens(
  { entries }: StateDict,
  clip: Clip,
  key?: string,
): Promise<number[][] | undefined> {
  const suffix = () => entries.get('token_suffix') ?? entries.get(`${PROMPT_LEARNER}token_suffix`)
  const entry = key === undefined ? suffix() : entries.get(key)
  const { width } = clip.config.text
  if (entry?.shape.length !== 3 || entry.shape[2] !== width) return undefined
  const [classes, length] = entry.shape as [number, number]
  const rows = await entry.read()
  const keyOf = (values: Float32Array, at: number) => values.subarray(at, at + KEY_VALUES).join()
  const wanted = new Set(Array.from({ length: classes * length }, (_, i) => keyOf(rows, i * width)))
  const idOf = await tokenIds(clip, wanted, keyOf)
  const texts: number[][] = []
  for (let c = 0; c < classes; c++) {
    const ids: number[] = []
    for (let i = 0; i < length; i++) {
      const id = idOf.get(keyOf(rows, (c * length + i) * width))
      if (id === undefined) return undefined
      if (id === clip.tokenizer.endToken) break
      if (id !== clip.tokenizer.startToken) ids.push(id)
    }
    texts.push(ids)
  }
  return texts
}

/** The tokens of a template's words before the class name. */
export const startOf = (template: string, { tokenizer }: Clip): number[] =>
  tokenizer.encode(template.slice(0, template.indexOf('{}')).trim())

/** The tokens whose embeddings have the wanted keys. */
async function tokenIds(
  clip: Clip,
  wanted: ReadonlySet<string>,
  keyOf: (values: Float32Array, at: number) => string,
): Promise<Map<string, number>> {
  const { width, vocabSize } = clip.config.text
  const table = await clip.tensors.read('token_embedding.weight')
  const found = new Map<string, number>()
  for (let id = 0; id < vocabSize && found.size < wanted.size; id++) {
    const key = keyOf(table, id * width)
    if (wanted.has(key) && !found.has(key)) found.set(key, id)
  }
  return found
}

/**
 * The class names in fixed tokens: what is left without the rest of the initial words and the full stop, in lower case
 * as CLIP reads it. Undefined where a name would not be tokenised to these tokens again.
 *
 * @param rest tokens of the initial words beyond the context vectors
 */
export function classNamesOf(
  tokens: readonly number[][],
  rest: number,
  { tokenizer }: Clip,
): string[] | undefined {
  const names: string[] = []
  for (const ids of tokens.map((text) => text.slice(rest))) {
    const text = tokenizer.decode(ids).trim()
    const name = text.replace(/\s*\.$/, '')
    if (name === '' || tokenizer.encode(`${name}.`).join() !== ids.join()) return undefined
    names.push(name)
  }
  return names
}

/**
 * Throws WeightsError where a whole model's checkpoint was trained on another CLIP than this one: the frozen weights in
 * it must be this model's, up to the rounding of half precision.
 */
export async function checkFrozenWeights({ entries, source }: StateDict, clip: Clip): Promise<void> {
  for (const [key, own] of [
    ['text_encoder.ln_final.bias', 'ln_final.bias'],
    ['image_encoder.class_embedding', 'visual.class_embedding'],
  ] as const) {
    const entry = entries.get(key)
    if (!entry || clip.imageTower.promptBlocks === 0) continue
    const expected = clip.tensors.shape(own)
    if (entry.shape.join() !== expected.join()) throw otherModel(source, key, entry, expected, clip)
    const [found, values] = [await entry.read(), await clip.tensors.read(own)]
    const scale = values.reduce((largest, value) => Math.max(largest, Math.abs(value)), 0)
    if (found.some((value, i) => Math.abs(value - values[i]!) > 2e-3 * scale)) {
      throw new WeightsError(`${source} was trained on another CLIP than ${clip.name}: ${key} differs`, {
        hint: 'Name the model it was trained on with --model.',
      })
    }
  }
}

function otherModel(
  source: string,
  key: string,
  { shape }: WeightEntry,
  expected: readonly number[],
  clip: Clip,
): WeightsError {
  return new WeightsError(
    `${source}: ${key} has shape [${shape.join(', ')}]; ${clip.name} needs [${expected.join(', ')}]`,
    { hint: 'Name the model it was trained on with --model.' },
  )
}
