import { add, constant, matmul, recomputed, reshape, type Tensor } from '../graph/index.js'
import type { Tuning } from './block-weights.js'
import type { Clip } from './clip.js'
import { layoutTexts } from './prompt-layout.js'
import { fillTemplate, readableClassName } from './templates.js'
import { type TextInputs, textStates, textTower } from './towers/text-tower.js'
import type { InsertedTokens } from './towers/tower.js'

/** What takes part in the text tower beside its frozen weights and the texts. */
export interface TemplateTextOptions {
  /** Tokens that are inserted into the tower. */
  readonly inserted?: InsertedTokens
  /** What is tuned of the tower, out of tensors that gradients pass to. */
  readonly tuned?: {
    readonly tensors: ReadonlyMap<string, Tensor>
    readonly as: (tensors: ReadonlyMap<string, Tensor>) => Tuning
  }
  /** Encode so many classes at once, and again for the gradient. Default: all. */
  readonly classesAtOnce?: number | undefined
}

/**
 * Features of the classes by a template as a graph: [classes, embedDim], not normalised.
 *
 * @throws DataError when a text is longer than the context
 */
export function templateText(
  clip: Clip,
  template: string,
  classNames: readonly string[],
  { inserted, tuned, classesAtOnce = classNames.length }: TemplateTextOptions = {},
): Tensor {
  const trained = [...(tuned?.tensors ?? [])]
  const tokens = inserted?.tokens ?? []
  const encode = (names: readonly string[], inputs: readonly Tensor[]) => {
    const again = new Map(trained.map(([name], i) => [name, inputs[tokens.length + i]!]))
    const model = tuned ? clip.tuned(tuned.as(again)) : clip
    return textTower(model.textWeights, {
      ...templateInputs(model, template, names),
      inserted: inserted && { ...inserted, tokens: inputs.slice(0, tokens.length) },
    })
  }
  const inputs = [...tokens, ...trained.map(([, tensor]) => tensor)]
  if (classesAtOnce >= classNames.length) return encode(classNames, inputs)
  const parts = Array.from({ length: Math.ceil(classNames.length / classesAtOnce) }, (_, i) => {
    const names = classNames.slice(i * classesAtOnce, (i + 1) * classesAtOnce)
    return (again: readonly Tensor[]) => encode(names, again)
  })
  return recomputed(inputs, parts, -2)
}

/** Texts by a template as a block of the tower, counted from 0, reads them, and what stays of them behind it. */
export interface TemplateStates {
  /** Of the tokens with which all texts begin: [P, width]. */
  readonly prefix: Tensor
  /** Of the others, right-aligned: [classes, S * width]. */
  readonly suffixes: Tensor
  /** Added to the scores of these over [prefix, suffix] keys: [classes, S * (P + S)]. */
  readonly mask: Tensor
}

/** @throws DataError when a text is longer than the context */
export function templateStates(
  clip: Clip,
  template: string,
  classNames: readonly string[],
  block: number,
): TemplateStates {
  const inputs = templateInputs(clip, template, classNames)
  const { prefix, suffixes } = textStates(clip.textWeights, inputs, block)
  const rows = (x: Tensor) => reshape(x, [classNames.length, -1])
  return { prefix, suffixes: rows(suffixes), mask: rows(inputs.mask) }
}

/** Features of texts from what a block reads of them on, by the tower of this model: [texts, embedDim], not normalised. */
export function textFrom(clip: Clip, { prefix, suffixes, mask }: TemplateStates, block: number): Tensor {
  const [p, width] = prefix.shape as [number, number]
  const texts = suffixes.dim(0)
  const s = suffixes.dim(1) / width
  return textTower(clip.textWeights, {
    prefix,
    suffixes: reshape(suffixes, [texts * s, width]),
    mask: reshape(mask, [texts, 1, s, p + s]),
    texts,
    first: block,
  })
}

/** The texts for the tower: what all begin with is computed once. */
function templateInputs(clip: Clip, template: string, classNames: readonly string[]): TextInputs {
  const { endToken } = clip.tokenizer
  const texts = classNames.map((name) => {
    const ids = clip.tokenizer.tokenize(fillTemplate(template, readableClassName(name)))
    return ids.slice(0, ids.indexOf(endToken) + 1)
  })
  const [first] = texts as [number[], ...number[][]]
  const shortest = Math.min(...texts.map(({ length }) => length - 1))
  let p = 1
  while (p < shortest && texts.every((ids) => ids[p] === first[p])) p++
  const s = Math.max(...texts.map(({ length }) => length)) - p
  const { width } = clip.config.text
  const own = { owner: clip }
  const key = JSON.stringify([template, classNames])
  const laidOut = async () => layoutTexts(clip, texts, p, s)
  /** Rows whose positions are tuned: `at` gives each its position, -1 where nothing stands. */
  const moved = (name: string, rows: Tensor, at: readonly number[]): Tensor => {
    const by = clip.movedPositions()
    if (!by) return rows
    const load = () => oneHot(at, by.dim(0))
    const places = constant(name, [at.length, by.dim(0)], load, { ...own, key: `${name} ${key}` })
    return add(rows, matmul(places, by))
  }
  return {
    prefix: moved(
      'template.prefix.positions',
      constant(
        'template.prefix',
        [p, width],
        async () =>
          (await layoutTexts(clip, [[...first.slice(0, p), endToken]], 0)).suffixes.data.slice(0, p * width),
        { ...own, key: `template.prefix ${key}` },
      ),
      first.slice(0, p).map((_, i) => i),
    ),
    suffixes: moved(
      'template.suffixes.positions',
      constant(
        'template.suffixes',
        [texts.length * s, width],
        async () => (await laidOut()).suffixes.data as Float32Array,
        { ...own, key: `template.suffixes ${key}` },
      ),
      texts.flatMap(({ length }) => Array.from({ length: s }, (_, j) => suffixPosition(length, p, s, j))),
    ),
    texts: texts.length,
    mask: constant(
      'template.mask',
      [texts.length, 1, s, p + s],
      async () => (await laidOut()).mask.data as Float32Array,
      { ...own, key: `template.mask ${key}` },
    ),
  }
}

/** Position of the j-th of `s` right-aligned tokens of a text behind a prefix of `p`; -1 of padding. */
function suffixPosition(length: number, p: number, s: number, j: number): number {
  const padding = s - (length - p)
  return j < padding ? -1 : p + j - padding
}

/** Rows of zeros with a one where told; none for -1. */
function oneHot(at: readonly number[], width: number): Float32Array {
  const rows = new Float32Array(at.length * width)
  for (const [i, place] of at.entries()) if (place >= 0) rows[i * width + place] = 1
  return rows
}
