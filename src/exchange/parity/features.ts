import type { Clip } from '../../core/clip/clip.js'
import { embedPrompts, type TextPrompts } from '../../core/clip/prompted-text.js'
import { encodeTexts } from '../../core/clip/text-features.js'
import { encodeGraph, type HostTensor, input, l2Normalize } from '../../core/graph/index.js'
import { withLogits } from '../../core/methods/prompted-features.js'
import type { Runtime } from '../../core/runtime/session.js'

/** Image features of frozen CLIP, not normalised: [n, embedDim]. */
export async function imageFeatures(clip: Clip, runtime: Runtime, images: HostTensor): Promise<HostTensor> {
  const graph = { features: clip.imageFeatures(input('images', images.shape)) }
  const session = await runtime.compile(await encodeGraph(graph))
  try {
    return (await session.run({ images })).features!
  } finally {
    await session.release()
  }
}

/** Text features of frozen CLIP, not normalised: [texts, embedDim]. */
export async function textFeatures(
  clip: Clip,
  runtime: Runtime,
  texts: readonly string[],
): Promise<HostTensor> {
  return { shape: [texts.length, clip.config.embedDim], data: await encodeTexts(clip, runtime, texts) }
}

/** Logits of images over texts from features of any length: [images, texts]. */
export async function logitsOf(
  clip: Clip,
  runtime: Runtime,
  text: HostTensor,
  image: HostTensor,
): Promise<HostTensor> {
  const normalized = (name: string, { shape }: HostTensor) => l2Normalize(input(name, shape))
  const { logits } = withLogits(clip, normalized('text', text), normalized('image', image))
  const session = await runtime.compile(await encodeGraph({ logits }))
  try {
    return (await session.run({ text, image })).logits!
  } finally {
    await session.release()
  }
}

/** Token ids as the reference stores them: rows of the context's length, padded with 0. */
export function tokenRows({ tokenizer }: Clip, texts: readonly string[]): HostTensor {
  const { contextLength } = tokenizer
  const data = new Float32Array(texts.length * contextLength)
  for (const [i, text] of texts.entries()) data.set(tokenizer.tokenize(text), i * contextLength)
  return { shape: [texts.length, contextLength], data }
}

/**
 * Embedded prompts of the classes over all of the context's length, without positions, as the reference builds them:
 * [classes, contextLength, width].
 */
export async function promptRows(
  clip: Clip,
  runtime: Runtime,
  prompts: TextPrompts,
  classNames: readonly string[],
): Promise<HostTensor> {
  const { contextLength, width } = clip.config.text
  const { prefix, suffixes, mask } = embedPrompts(clip, prompts, classNames, { packed: false })
  const session = await runtime.compile(await encodeGraph({ prefix, suffixes, mask }))
  const out = await session.run({}).finally(() => session.release())

  const positions = await clip.tensors.read('positional_embedding')
  const padding = await clip.embedTokens([clip.tokenizer.padToken])
  const p = prefix.dim(0)
  const s = suffixes.dim(0) / classNames.length
  const rows = new Float32Array(classNames.length * contextLength * width)
  for (let c = 0; c < classNames.length; c++) {
    const own = out.suffixes!.data.subarray(c * s * width, (c + 1) * s * width)
    // The last query sees every key but padding.
    const lastQuery = out.mask!.data.subarray(((c + 1) * s - 1) * (p + s) + p, (c + 1) * s * (p + s))
    const padded = lastQuery.filter((score) => score !== 0).length
    const text = new Float32Array(contextLength * width)
    for (let i = 0; i < contextLength; i++) text.set(padding, i * width)
    const embedded = [...out.prefix!.data, ...own.subarray(padded * width)]
    for (const [i, value] of embedded.entries()) text[i] = value - positions[i]!
    rows.set(text, c * contextLength * width)
  }
  return { shape: [classNames.length, contextLength, width], data: rows }
}
