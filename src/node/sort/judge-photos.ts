import { join } from 'node:path'
import type { Classifier } from '../../core/evaluate/classifier.js'
import { predictImages } from '../../core/evaluate/predict.js'
import { type Verdict, type VerdictOptions, verdictOf } from '../../core/evaluate/verdict.js'
import { decodeImage } from '../data/decode.js'
import type { Photo, Unreadable } from './find-photos.js'

/** A picture and what was made of it. */
export interface JudgedPhoto {
  readonly photo: Photo
  readonly verdict: Verdict
}

/** Options of {@link judgePhotos}. */
export interface JudgeOptions extends VerdictOptions {
  readonly signal?: AbortSignal
  readonly onProgress?: (done: number) => void
}

/**
 * Classifies pictures, in their order; those that cannot be read come back apart.
 *
 * @param folder that the paths of the pictures are below
 * @throws the signal's reason when it aborts
 */
export async function judgePhotos(
  classifier: Classifier,
  folder: string,
  photos: readonly Photo[],
  { signal, onProgress, ...options }: JudgeOptions,
): Promise<{ judged: JudgedPhoto[]; unreadable: Unreadable[] }> {
  const judged: JudgedPhoto[] = []
  const unreadable: Unreadable[] = []
  const byPath = new Map(photos.map((photo) => [photo.path, photo]))
  const images = photos.map(({ path }) => ({
    name: path,
    load: () => {
      signal?.throwIfAborted()
      return decodeImage(join(folder, path)).catch((error: Error) => {
        const reason = error.message.replace(`${join(folder, path)}: `, '')
        unreadable.push({ path, reason })
        throw error
      })
    },
  }))
  for await (const { image, classes } of predictImages(classifier, images, {
    top: classifier.classNames.length,
    onBadImage: () => onProgress?.(judged.length + unreadable.length),
  })) {
    judged.push({ photo: byPath.get(image)!, verdict: verdictOf(classes, options) })
    onProgress?.(judged.length + unreadable.length)
  }
  signal?.throwIfAborted()
  return { judged, unreadable }
}
