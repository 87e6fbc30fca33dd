import { encodeGraph, type HostTensor, input, sizeOf } from '../graph/index.js'
import type { Runtime } from '../runtime/session.js'
import type { Clip } from './clip.js'
import { filledRows, longestOf, ROW_LENGTHS, tokenCost, tokenFlops } from './packed-rows.js'
import { fillTemplate, readableClassName } from './templates.js'
import { MASKED, textTower } from './towers/text-tower.js'

// The texts of many classes by a few templates. What the texts of a template have in common in front is computed once
// (exact, since the tower is causal); the rests, of a few tokens each, are packed several into a row, each blind to
// the others, so that no text is padded to the length of the longest.

/** Rows of the tower that one run encodes at most. */
const RUN_ROWS = 2048

/** Operations saved from which it is done: below, features keep the bits of texts that are encoded one by one. */
const WORTHWHILE = 64e9

/** A template's texts, cut in two: what all begin with, and each one's rest. Tokens. */
interface TemplateTexts {
  readonly prefix: readonly number[]
  readonly rests: readonly (readonly number[])[]
}

/** What one run of the graph takes: Q slots of a prefix and `rows` rows of `length` tokens, with E end tokens each. */
interface Packing {
  /** Longest prefix: P. */
  readonly prefix: number
  readonly length: number
  /** Rows of a slot. */
  readonly rows: number
  /** E */
  readonly ends: number
  /** Slots of a run: Q. */
  readonly slots: number
}

/** A template's prefix with some of its texts, as places in `rests`: row by row. */
interface Slot {
  readonly template: number
  readonly rows: readonly (readonly number[])[]
}

/**
 * Whether the texts of the classes by the templates are encoded with shared prefixes: told from the number of tokens
 * alone, so that equal texts have equal bits on every start.
 */
export function sharesPrefixes(
  clip: Clip,
  classNames: readonly string[],
  templates: readonly string[],
): boolean {
  const { alone, shared } = textFlops(clip, classNames, templates)
  return alone - shared > WORTHWHILE
}

/** Floating-point operations for the texts of the classes by the templates, told from their tokens: about. */
export function textFlops(
  clip: Clip,
  classNames: readonly string[],
  templates: readonly string[],
): { readonly alone: number; readonly shared: number } {
  const count = (text: string) => clip.tokenizer.encode(text).length
  const names = classNames.map((name) => count(readableClassName(name)))
  const around = templates.map((template) => {
    const [before = '', ...after] = template.split('{}')
    return { before: 1 + count(before), after: 1 + count(after.join(' ')) }
  })
  const classes = names.length
  const named = names.reduce((sum, n) => sum + n, 0)
  const longest = names.reduce((most, n) => Math.max(most, n), 0)
  const alone = around.reduce((sum, { before, after }) => sum + classes * (before + longest + after), 0)
  const shared = around.reduce((sum, { before, after }) => sum + before + named + classes * after, 0)
  const token = tokenFlops(clip.config.text)
  return { alone: alone * token, shared: shared * token }
}

/**
 * Features of the classes by each template by the frozen text tower, not normalised: [classes * templates, embedDim],
 * class by class.
 *
 * @throws DataError when a text is longer than the context
 */
export async function encodeWithSharedPrefixes(
  clip: Clip,
  runtime: Runtime,
  classNames: readonly string[],
  templates: readonly string[],
  onProgress?: (done: number, total: number) => void,
): Promise<Float32Array> {
  const { embedDim } = clip.config
  const texts = templates.map((template) => cut(clip, template, classNames))
  const { packing, slots } = pack(texts, clip.config.text.width)
  const rows = { width: clip.config.text.width, embed: await embedder(clip, texts) }
  const features = new Float32Array(classNames.length * templates.length * embedDim)
  let done = 0
  await using session = await runtime.compile(await encodeGraph(packedGraph(clip, packing)))
  for (let start = 0; start < slots.length; start += packing.slots) {
    const members = slots.slice(start, start + packing.slots)
    const { features: found } = await session.run(layOut(texts, members, packing, rows))
    for (const [q, slot] of members.entries()) {
      for (const [r, row] of slot.rows.entries()) {
        for (const [e, c] of row.entries()) {
          const at = ((q * packing.rows + r) * packing.ends + e) * embedDim
          const target = (c * templates.length + slot.template) * embedDim
          features.set(found!.data.subarray(at, at + embedDim), target)
        }
        done += row.length
      }
    }
    onProgress?.(done, classNames.length * templates.length)
  }
  return features
}

/** The texts of a template, cut behind what they have in common. */
function cut(clip: Clip, template: string, classNames: readonly string[]): TemplateTexts {
  const { tokenizer } = clip
  const texts = classNames.map((name) => {
    const tokens = tokenizer.tokenize(fillTemplate(template, readableClassName(name)))
    return tokens.slice(0, tokens.indexOf(tokenizer.endToken) + 1)
  })
  const [first] = texts as [number[], ...number[][]]
  // Of every text the end token at least is its own.
  const shortest = texts.reduce((least, { length }) => Math.min(least, length - 1), Number.POSITIVE_INFINITY)
  let common = 0
  while (common < shortest && texts.every((text) => text[common] === first[common])) common++
  return { prefix: first.slice(0, common), rests: texts.map((text) => text.slice(common)) }
}

/** The packing that costs least, with its slots. */
function pack(texts: readonly TemplateTexts[], width: number): { packing: Packing; slots: Slot[] } {
  const prefix = longestOf(texts.map((text) => text.prefix))
  const longest = longestOf(texts.flatMap(({ rests }) => rests))
  let best: { cost: number; packing: Packing; slots: Slot[] } | undefined
  for (const length of [longest, ...ROW_LENGTHS.filter((n) => n > longest)]) {
    const packed = texts.map(({ rests }) =>
      filledRows(
        rests.map((rest) => rest.length),
        length,
      ),
    )
    const ends = longestOf(packed.flat())
    const most = Math.floor((RUN_ROWS - prefix) / length)
    for (const rows of rowsOfSlots(longestOf(packed), most)) {
      const slots = packed.flatMap((all, template) =>
        Array.from({ length: Math.ceil(all.length / rows) }, (_, i): Slot => {
          return { template, rows: all.slice(i * rows, (i + 1) * rows) }
        }),
      )
      const atOnce = Math.max(1, Math.floor(RUN_ROWS / (prefix + rows * length)))
      const runs = Math.ceil(slots.length / atOnce)
      const each = Math.ceil(slots.length / runs)
      const cost = runs * each * (prefix + rows * length) * tokenCost(width, prefix + length)
      if (best && best.cost <= cost) continue
      best = { cost, packing: { prefix, length, rows, ends, slots: each }, slots }
    }
  }
  return best!
}

/** Numbers of rows a slot, of which one leaves least empty: those that part so many rows evenly, up to the most that a run has. */
function rowsOfSlots(all: number, most: number): Set<number> {
  const numbers = Array.from({ length: all }, (_, i) => Math.ceil(all / (i + 1)))
  return new Set([1, ...numbers.filter((rows) => rows <= most)])
}

/** The graph of one run. */
function packedGraph(clip: Clip, { prefix: p, length, rows, ends, slots }: Packing) {
  const { width } = clip.config.text
  const texts = slots * rows
  return {
    features: textTower(clip.textWeights, {
      prefix: input('prefix', [slots * p, width]),
      prefixes: slots,
      prefixMask: input('prefixMask', [slots, 1, p, p]),
      suffixes: input('suffixes', [texts * length, width]),
      texts,
      mask: input('mask', [texts, 1, length, p + length]),
      ends: input('ends', [texts, ends, length]),
    }),
  }
}

/** Writes the embedding of a token at a position into a row. */
type Embed = (token: number, position: number, rows: Float32Array, row: number) => void

async function embedder(clip: Clip, texts: readonly TemplateTexts[]): Promise<Embed> {
  const { width } = clip.config.text
  const ids = [...new Set(texts.flatMap(({ prefix, rests }) => [...prefix, ...rests.flat()]))]
  const table = await clip.embedTokens(ids)
  const positions = await clip.tensors.read('positional_embedding')
  const place = new Map(ids.map((id, i) => [id, i * width]))
  return (token, position, rows, row) => {
    const [from, at] = [place.get(token)!, position * width]
    for (let d = 0; d < width; d++) rows[row * width + d] = table[from + d]! + positions[at + d]!
  }
}

/** The inputs of one run. Prefixes are right-aligned; of what stays empty nothing is read. */
function layOut(
  texts: readonly TemplateTexts[],
  members: readonly Slot[],
  { prefix: p, length, rows, ends, slots }: Packing,
  { width, embed }: { readonly width: number; readonly embed: Embed },
): Record<string, HostTensor> {
  const keys = p + length
  const tensor = (...shape: number[]) => ({ shape, data: new Float32Array(sizeOf(shape)) })
  const prefix = tensor(slots * p, width)
  const prefixMask = tensor(slots, 1, p, p)
  const suffixes = tensor(slots * rows * length, width)
  const mask = tensor(slots * rows, 1, length, keys)
  const endRows = tensor(slots * rows, ends, length)
  for (const [q, slot] of members.entries()) {
    const { prefix: tokens, rests } = texts[slot.template]!
    const padding = p - tokens.length
    for (const [i, token] of tokens.entries()) embed(token, i, prefix.data, q * p + padding + i)
    for (let query = 0; query < p; query++) {
      const row = (q * p + query) * p
      for (let key = 0; key < p; key++) if (key > query || key < padding) prefixMask.data[row + key] = MASKED
    }
    for (const [r, row] of slot.rows.entries()) {
      const first = (q * rows + r) * length
      mask.data.fill(MASKED, first * keys, (first + length) * keys)
      let start = 0
      for (const [e, c] of row.entries()) {
        const rest = rests[c]!
        for (const [i, token] of rest.entries()) {
          embed(token, tokens.length + i, suffixes.data, first + start + i)
          const seen = (first + start + i) * keys
          mask.data.fill(0, seen + padding, seen + p)
          mask.data.fill(0, seen + p + start, seen + p + start + i + 1)
        }
        start += rest.length
        endRows.data[((q * rows + r) * ends + e) * length + start - 1] = 1
      }
    }
  }
  return { prefix, prefixMask, suffixes, mask, ends: endRows }
}
