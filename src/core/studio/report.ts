import { photoTemplate } from '../clip/templates.js'
import type { Dataset, Datum } from '../data/dataset.js'
import { cachedOrNewFewShot } from '../data/few-shot.js'
import { zeroShotClassifier } from '../evaluate/classifier.js'
import { createClassifier, type Run } from '../evaluate/create-classifier.js'
import { type Evaluation, evaluateClassifier } from '../evaluate/evaluate.js'
import { acceptanceThreshold, conceptScores, conceptTemperature } from '../evaluate/none-of-these.js'
import { mostLikely } from '../evaluate/predict.js'
import type { Settings } from '../train/settings.js'
import type { PictureRef } from './place.js'

/** What was said of a picture. */
export interface Said {
  /** Place of the likeliest class. */
  readonly answer: number
  /** 0 to 1. */
  readonly probability: number
}

/** A picture of the project and what a run says of it. */
export interface ReportedPicture extends PictureRef {
  /** Whether the run learned from it. */
  readonly learned: boolean
  readonly trained: Said
  /** Of CLIP without any training. */
  readonly zeroShot: Said
}

/** A run measured on every picture of its project. */
export interface StudioReport {
  /** Of the run's prompts: a report of others is out of date. */
  readonly prompts: string
  readonly classes: readonly { readonly id: string; readonly name: string }[]
  readonly pictures: readonly ReportedPicture[]
  /** Messages of pictures that could not be read. */
  readonly unreadable: readonly string[]
  /** When a picture is none of the classes; null where no picture was kept apart to set it by. */
  readonly rejection: { readonly temperature: number; readonly threshold: number } | null
}

/** Share of the pictures that were kept apart whose answer is not "none of these". */
const ACCEPT = 0.95

/** What {@link measureProject} needs. */
export interface ProjectMeasure {
  readonly run: Run
  /** All of its pictures; its parts are those of training. */
  readonly dataset: Dataset
  readonly settings: Pick<Settings, 'shots' | 'seed'>
  readonly classIds: readonly string[]
  readonly refOf: (datum: Datum) => PictureRef
  /** Identity of the prompts. */
  readonly prompts: string
  readonly signal?: AbortSignal
  readonly onProgress?: (done: number, total: number) => void
}

/**
 * Measures a run and zero-shot CLIP on every picture of a project.
 *
 * @returns the report, and the evaluation of the pictures that were not learned from (none: undefined)
 * @throws the signal's reason when it aborts
 */
export async function measureProject({
  run,
  dataset,
  settings,
  classIds,
  refOf,
  prompts,
  signal,
  onProgress,
}: ProjectMeasure): Promise<{
  report: StudioReport
  apart: Pick<Evaluation, 'logits' | 'labels'> | undefined
}> {
  const { clip, runtime, caches } = run.model
  const { classNames } = run.prompts
  const data = [...dataset.train, ...dataset.val, ...dataset.test]
  const drawn = await cachedOrNewFewShot(dataset, settings.shots, settings.seed)
  const learned = new Set(drawn.train.map(({ source }) => source))
  const total = 2 * data.length
  const evaluate = async (which: 'trained' | 'zeroShot') => {
    await using classifier =
      which === 'trained'
        ? await createClassifier(run)
        : await zeroShotClassifier({ clip, runtime, caches, classNames }, [dataset.template ?? photoTemplate])
    return await evaluateClassifier(classifier, data, {
      skipBadImages: true,
      ...(signal ? { signal } : {}),
      onProgress: (done) => onProgress?.(which === 'trained' ? done : data.length + done, total),
    })
  }
  const trained = await evaluate('trained')
  const zeroShot = await evaluate('zeroShot')
  const classes = classNames.length
  const said = ({ logits }: Evaluation, row: number): Said => {
    const own = logits.subarray(row * classes, (row + 1) * classes)
    const [first] = mostLikely(own, classNames)
    return { answer: classNames.indexOf(first!.className), probability: first!.probability }
  }
  // Both pass over the same unreadable pictures, so that their rows are the same.
  const rows = [...trained.indices.keys()]
  const pictures = rows.map((row): ReportedPicture => {
    const datum = data[trained.indices[row]!]!
    return {
      ...refOf(datum),
      learned: learned.has(datum.source),
      trained: said(trained, row),
      zeroShot: said(zeroShot, row),
    }
  })
  const apart = rows.filter((row) => !pictures[row]!.learned)
  const logits = new Float32Array(apart.length * classes)
  for (const [i, row] of apart.entries()) {
    logits.set(trained.logits.subarray(row * classes, (row + 1) * classes), i * classes)
  }
  const labels = Int32Array.from(apart, (row) => trained.labels[row]!)
  const temperature = await conceptTemperature(clip)
  const rejection =
    apart.length === 0
      ? null
      : { temperature, threshold: acceptanceThreshold(conceptScores(logits, classes, temperature), ACCEPT) }
  return {
    report: {
      prompts,
      classes: classIds.map((id, i) => ({ id, name: classNames[i]! })),
      pictures,
      unreadable: trained.skipped,
      rejection,
    },
    apart: apart.length === 0 ? undefined : { logits, labels },
  }
}

/** Shares of right answers in percent, by the classes that pictures were in when they were measured. */
export function accuracyOf({ classes, pictures }: StudioReport): {
  trained: number
  zeroShot: number
  pictures: number
} | null {
  const apart = pictures.filter(({ learned }) => !learned)
  if (apart.length === 0) return null
  const share = (which: 'trained' | 'zeroShot') =>
    (100 * apart.filter((picture) => classes[picture[which].answer]?.id === picture.classId).length) /
    apart.length
  return { trained: share('trained'), zeroShot: share('zeroShot'), pictures: apart.length }
}
