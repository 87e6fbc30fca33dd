import type { UserError } from '../errors.js'
import type { Run } from '../evaluate/create-classifier.js'
import { type ContextPrompt, type ContextWordsOptions, contextWords } from './context-words.js'
import { type ImageAttention, imageAttention, type LookedAtImage, whyNoPictures } from './image-attention.js'

/** What a run has learned, as far as people can read it. */
export interface Interpretation {
  /** The learned context in words; empty where the run learned none at the input. */
  readonly context: readonly ContextPrompt[]
  readonly images: readonly ImageAttention[]
  /** Why there are no images, where their absence has a reason in the run. */
  readonly noImages?: string
}

/** Options of {@link interpretRun}. */
export interface InterpretOptions extends ContextWordsOptions {
  /** Images to look at. Default: none. */
  readonly images?: readonly LookedAtImage[]
  /** Called for images that cannot be read, which are then left out; without it they throw. */
  readonly onBadImage?: (error: UserError) => void
  readonly onProgress?: (done: number) => void
  readonly signal?: AbortSignal
}

/**
 * The words nearest to a run's context vectors, and where its image tower looks before and after prompting.
 *
 * @throws DataError naming an image that cannot be read
 */
export async function interpretRun(run: Run, options: InterpretOptions = {}): Promise<Interpretation> {
  const { images = [], onProgress, ...rest } = options
  const context = await contextWords(run, rest)
  const noImages = whyNoPictures(run)
  if (noImages !== undefined) return { context, images: [], noImages }
  const seen: ImageAttention[] = []
  if (images.length > 0) {
    for await (const image of imageAttention(run, images, rest)) {
      seen.push(image)
      onProgress?.(seen.length)
    }
  }
  return { context, images: seen }
}
