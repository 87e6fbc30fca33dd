import { encodeGraph, input } from '../graph/index.js'
import { normalized } from '../rows.js'
import type { Runtime } from '../runtime/session.js'
import type { Clip } from './clip.js'
import { layoutTexts } from './prompt-layout.js'
import { encodeWithSharedPrefixes, sharesPrefixes } from './shared-prefixes.js'
import { fillTemplate, readableClassName } from './templates.js'
import { textTower } from './towers/text-tower.js'

/** Texts of one run of the text tower. */
const CHUNK = 64

/** Tokens whose encoding takes about as long as loading the text tower once more. */
const BUCKET_COST = 2048

/** Progress of a long encoding: texts done and in all. */
export type OnProgress = (done: number, total: number) => void

/** Texts that stand for classes. */
export interface ClassTexts {
  /** Each with `{}` for the class name. */
  readonly templates: readonly string[]
  /**
   * How a class's features by several templates become one: their mean, or the mean of their directions, normalised
   * (CLIP paper, section 3.1.4). The names are those under which features are cached.
   */
  readonly combination: 'mean' | 'mean of normalised, normalised'
}

/** Features of classes by several templates each, as they are combined. */
export interface ClassFeaturesKey {
  /** Name of the combination, and of the way of encoding where the texts are not encoded one by one. */
  readonly combination: string
  readonly classNames: readonly string[]
  readonly templates: readonly string[]
  /** What was learned and is part of them: how, and the values. */
  readonly learned?: { readonly settings: string; readonly values: readonly Uint8Array[] }
}

/** Gives features of classes [classes, embedDim] that are kept from before, or computes and keeps them. */
export type TextFeatureCache = (
  key: ClassFeaturesKey,
  compute: () => Promise<Float32Array>,
) => Promise<Float32Array>

/**
 * Features of texts by the frozen text tower, not normalised: [texts, embedDim], in the texts' order.
 * Throws DataError when a text is longer than the context.
 */
export async function encodeTexts(
  clip: Clip,
  runtime: Runtime,
  texts: readonly string[],
  onProgress?: OnProgress,
): Promise<Float32Array> {
  const { embedDim } = clip.config
  const features = new Float32Array(texts.length * embedDim)
  const tokens = texts.map((text) => clip.tokenizer.tokenize(text))
  const order = texts.map((_, i) => i).sort((a, b) => tokens[a]!.length - tokens[b]!.length || a - b)
  let done = 0
  for (const bucket of lengthBuckets(order, (i) => tokens[i]!.length)) {
    const size = Math.min(CHUNK, bucket.length)
    const length = Math.max(...bucket.map((i) => tokens[i]!.length)) - 1
    const session = await runtime.compile(await encodeGraph(textGraph(clip, size, length)))
    try {
      for (let start = 0; start < bucket.length; start += size) {
        const members = bucket.slice(start, start + size)
        // A short last chunk repeats its last text; what it gives is left unread.
        const padded = Array.from(
          { length: size },
          (_, i) => tokens[members[Math.min(i, members.length - 1)]!]!,
        )
        const { suffixes, mask } = await layoutTexts(clip, padded, 1, length)
        const { features: rows } = await session.run({ suffixes, mask })
        for (const [row, index] of members.entries()) {
          features.set(rows!.data.subarray(row * embedDim, (row + 1) * embedDim), index * embedDim)
        }
        done += members.length
        onProgress?.(done, texts.length)
      }
    } finally {
      await session.release()
    }
  }
  return features
}

/** Options of {@link classFeatures}. */
export interface ClassFeaturesOptions {
  /** Keeps them for later processes. */
  readonly cache?: TextFeatureCache | undefined
  readonly onProgress?: OnProgress | undefined
}

/**
 * Features of classes by frozen CLIP, out of their names in one or several templates: [classes, embedDim]. Many texts are
 * encoded with their templates' prefixes shared, which is exact but sums in another order.
 *
 * @throws DataError when a text is longer than the context
 */
export async function classFeatures(
  clip: Clip,
  runtime: Runtime,
  classNames: readonly string[],
  { templates, combination }: ClassTexts,
  { cache, onProgress }: ClassFeaturesOptions = {},
): Promise<Float32Array> {
  const { embedDim } = clip.config
  const shared = sharesPrefixes(clip, classNames, templates)
  const encode = () => {
    if (shared) return encodeWithSharedPrefixes(clip, runtime, classNames, templates, onProgress)
    const texts = classNames.flatMap((name) =>
      templates.map((template) => fillTemplate(template, readableClassName(name))),
    )
    return encodeTexts(clip, runtime, texts, onProgress)
  }
  const compute = async () => {
    const features = await encode()
    const rowsOf = (c: number) =>
      templates.map((_, t) => features.subarray((c * templates.length + t) * embedDim).subarray(0, embedDim))
    const combined = new Float32Array(classNames.length * embedDim)
    const combine = combination === 'mean' ? meanOf : meanDirection
    for (let c = 0; c < classNames.length; c++) combined.set(combine(rowsOf(c)), c * embedDim)
    return combined
  }
  if (!cache) return compute()
  const key = shared ? `${combination}, shared prefixes, even rows` : combination
  return cache({ combination: key, classNames, templates }, compute)
}

function meanOf(rows: readonly Float32Array[]): Float32Array {
  return rows[0]!.map((_, d) => rows.reduce((sum, row) => sum + row[d]!, 0) / rows.length)
}

function meanDirection(rows: readonly Float32Array[]): Float32Array {
  const mean = new Float32Array(rows[0]!.length)
  for (const row of rows) {
    const unit = normalized(row)
    for (let d = 0; d < mean.length; d++) mean[d]! += unit[d]! / rows.length
  }
  return normalized(mean)
}

/** The graph that {@link encodeTexts} runs, for texts of at most `length` tokens behind the start token. */
export function textGraph(clip: Clip, texts: number, length: number) {
  const suffixes = input('suffixes', [texts * length, clip.config.text.width])
  const mask = input('mask', [texts, 1, length, 1 + length])
  return { features: textTower(clip.textWeights, { prefix: clip.startToken(), suffixes, texts, mask }) }
}

/**
 * Cuts texts sorted by length in two where that saves most padding: every further bucket would cost more, in loading
 * the tower once more, than it saves.
 */
function lengthBuckets(sorted: readonly number[], lengthOf: (i: number) => number): number[][] {
  const lengths = sorted.map(lengthOf)
  const longest = lengths.at(-1) ?? 0
  let best = { cut: 0, saved: BUCKET_COST }
  for (let cut = CHUNK; cut < sorted.length; cut++) {
    const saved = cut * (longest - lengths[cut - 1]!)
    if (saved > best.saved) best = { cut, saved }
  }
  return [sorted.slice(0, best.cut), sorted.slice(best.cut)].filter((bucket) => bucket.length > 0)
}
