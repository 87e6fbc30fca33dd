import { selectLabels } from '../data/base-novel.js'
import type { Part } from '../data/dataset.js'
import type { Runtime } from '../runtime/session.js'
import { doubtfulLabels, type LabelDoubt } from './confident-learning.js'
import { heldOutProbabilities } from './cross-validation.js'
import { CANDIDATES, duplicateGroups, groupNumbers } from './duplicates.js'
import type { Examination } from './findings.js'
import { nearestRows } from './nearest-rows.js'
import type { PictureFacts } from './picture-facts.js'
import { poorPicture } from './poor-picture.js'
import { unlikeClass } from './unlike-class.js'

/** Labels of a class are judged where so many different pictures have it. */
const LEAST_OF_A_CLASS = 3

/** A picture as it was looked at. */
export interface SeenPicture {
  readonly name: string
  readonly part: Part
  readonly label: number
  /** Undefined where it cannot be read. */
  readonly facts: SeenFacts | undefined
  /** Why it cannot be read. */
  readonly problem?: string | undefined
}

/** What is known of a picture's pixels. */
export interface SeenFacts extends PictureFacts {
  /** Equal for pictures of equal pixels. */
  readonly content: string
}

/** Steps of {@link examine}. */
export type ExamineStep = 'comparing pictures' | 'judging labels'

/** Options of {@link examine}. */
export interface ExamineOptions {
  readonly name: string
  readonly classNames: readonly string[]
  readonly pictures: readonly SeenPicture[]
  /** Of unit length, of the pictures that can be read in their order: [readable, width]. */
  readonly features: Float32Array
  readonly runtime: Runtime
  /** Side of what the model looks at, in pixels. */
  readonly resolution: number
  /** Whether copies in the first and the second half of the classes are told. */
  readonly baseNovel?: boolean
  readonly signal?: AbortSignal
  readonly onProgress?: (step: ExamineStep, done: number, total: number) => void
}

/** Looks for whatever may be wrong with a data set. @throws the signal's reason when it aborts */
export async function examine(options: ExamineOptions): Promise<Examination> {
  const { name, classNames, pictures, features, runtime, resolution, baseNovel, signal, onProgress } = options
  const stop = signal ? { signal } : {}
  // Places in `pictures` of those that can be read, in the order of `features`.
  const readable = [...pictures.keys()].filter((i) => pictures[i]!.facts)
  const facts = readable.map((i) => pictures[i]!.facts!)
  const width = features.length / Math.max(1, readable.length)
  const neighbours = await nearestRows(runtime, features, width, CANDIDATES, stop)
  const copies = await duplicateGroups({
    pixels: facts.map(({ content }) => content),
    thumbnails: facts.map(({ thumbnail }) => thumbnail),
    neighbours,
    ...stop,
    onProgress: (done) => onProgress?.('comparing pictures', done, readable.length),
  })
  const groups = groupNumbers(copies, readable.length)
  const labels = Int32Array.from(readable, (i) => pictures[i]!.label)
  const doubts = await labelDoubts(options, { features, labels, groups })
  const doubted = new Set(doubts.map(({ index }) => index))
  const unlike = await unlikeClass({ runtime, features, labels, groups, ...stop })
  const sharpness = facts.map((own) => own.sharpness).sort((a, b) => a - b)
  const usual = { resolution, sharpness: sharpness[sharpness.length >> 1] ?? 0 }
  const trained = pictures.filter(({ part }) => part === 'train').map(({ label }) => label)
  return {
    name,
    classNames,
    pictures: pictures.map(({ facts, ...picture }) => ({
      ...picture,
      pixels: facts ? facts.width * facts.height : 0,
      content: facts?.content,
    })),
    groups: copies.map(({ images, exact }) => ({ images: images.map((row) => readable[row]!), exact })),
    doubts: doubts.map((doubt) => ({ ...doubt, index: readable[doubt.index]! })),
    // A picture of another class is unlike its own: that is said once.
    unlike: unlike
      .filter(({ index }) => !doubted.has(index))
      .map((found) => ({ ...found, index: readable[found.index]! })),
    poor: facts.flatMap((own, row) => {
      const found = poorPicture(own, usual)
      return found ? [{ index: readable[row]!, ...found }] : []
    }),
    ...(baseNovel
      ? { base: new Set(selectLabels(trained.length > 0 ? trained : classNames.keys(), 'base')) }
      : {}),
  }
}

/** Doubts by pictures that are not copies of the one that is judged, in classes that have enough of them. */
async function labelDoubts(
  { runtime, classNames, signal, onProgress }: ExamineOptions,
  rows: { features: Float32Array; labels: Int32Array; groups: Int32Array },
): Promise<LabelDoubt[]> {
  const { labels, groups } = rows
  if (new Set(labels).size < 2) return []
  const classes = classNames.length
  const probabilities = await heldOutProbabilities({
    runtime,
    ...rows,
    classes,
    ...(signal ? { signal } : {}),
    onProgress: (done, total) => onProgress?.('judging labels', done, total),
  })
  const different = new Map<number, Set<number>>()
  for (const [row, label] of labels.entries()) {
    const own = different.get(label) ?? new Set()
    different.set(label, own.add(groups[row]!))
  }
  return doubtfulLabels(probabilities, [...labels], classes).filter(
    ({ given }) => different.get(given)!.size >= LEAST_OF_A_CLASS,
  )
}
