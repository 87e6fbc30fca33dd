import type { Clip } from '../../core/clip/clip.js'
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
