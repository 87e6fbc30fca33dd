import { join } from 'node:path'
import type { Classifier } from '../../core/evaluate/classifier.js'
import { predictEach } from '../../core/evaluate/predict.js'
import { type Answer, type Verdict, type VerdictOptions, verdictOf } from '../../core/evaluate/verdict.js'
import { decodePhoto, type Reading } from '../data/reading.js'
import type { Photo, Unreadable } from './find-photos.js'
import type { KeptAnswers } from './kept-answers.js'

/** A picture and what was made of it. */
export interface JudgedPhoto {
  readonly photo: Photo
  readonly verdict: Verdict
}

/** A classifier, and the divisor of its logits for the scores: see `conceptTemperature`. */
export interface PhotoClassifier {
  readonly classifier: Classifier
  readonly temperature: number
}

/** Options of {@link judgePhotos}. */
export interface JudgeOptions extends VerdictOptions {
  /** Answers of earlier calls, to which those of this one are added. */
  readonly kept: KeptAnswers
  /** How the pictures are read. */
  readonly reading: Pick<Reading, 'exif' | 'onRemark'>
  readonly signal?: AbortSignal
  readonly onProgress?: (done: number) => void
}

/**
 * Classifies pictures, in their order; those that cannot be read come back apart.
 *
 * @param open called when a picture is to be looked at for the first time
 * @param folder that the paths of the pictures are below
 * @throws the signal's reason when it aborts
 */
export async function judgePhotos(
  open: () => Promise<PhotoClassifier>,
  folder: string,
  photos: readonly Photo[],
  { kept, reading, signal, onProgress, ...options }: JudgeOptions,
): Promise<{ judged: JudgedPhoto[]; unreadable: Unreadable[] }> {
  const unreadable: Unreadable[] = []
  const answers = new Map<string, Answer>()
  const unseen = photos.filter((photo) => {
    const answer = kept.get(photo)
    if (answer) answers.set(photo.path, answer)
    return !answer
  })
  const byPath = new Map(unseen.map((photo) => [photo.path, photo]))
  const load = (path: string) => decodePhoto(path, { ...reading, name: path })
  const advance = () => onProgress?.(answers.size + unreadable.length)
  if (unseen.length > 0) {
    const images = unseen.map(({ path }) => ({ name: path, load: () => load(join(folder, path)) }))
    const { classifier, temperature } = await open()
    // Scores are kept for any threshold, and so are judged below.
    const rejection = { temperature, threshold: 0 }
    const options = { top: 2, rejection, ...(signal ? { signal } : {}) }
    for await (const outcome of predictEach(classifier, images, options)) {
      const { image } = outcome
      if ('error' in outcome) {
        const reason = outcome.error.message.replace(`${join(folder, image)}: `, '')
        unreadable.push({ path: image, reason })
      } else {
        const answer = { classes: outcome.classes, score: outcome.score! }
        await kept.put(byPath.get(image)!, answer)
        answers.set(image, answer)
      }
      advance()
    }
    signal?.throwIfAborted()
  }
  const judged = photos.flatMap((photo) => {
    const answer = answers.get(photo.path)
    return answer ? [{ photo, verdict: verdictOf(answer, options) }] : []
  })
  return { judged, unreadable }
}
