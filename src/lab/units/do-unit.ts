import { join } from 'node:path'
import { type ClassSelection, labelsOf, selectClasses } from '../../core/data/base-novel.js'
import type { Dataset } from '../../core/data/dataset.js'
import { descriptionsHash } from '../../core/data/descriptions.js'
import { ConfigError, DataError, UserError } from '../../core/errors.js'
import { createClassifier } from '../../core/evaluate/create-classifier.js'
import { type Evaluation, evaluateClassifier } from '../../core/evaluate/evaluate.js'
import { accuracyOfClasses, calibrationBins } from '../../core/evaluate/metrics.js'
import { sampleRows } from '../../core/evaluate/sample-rows.js'
import { medianOf } from '../../core/evaluate/statistics.js'
import type { Model } from '../../core/model.js'
import type { LogEntry } from '../../core/run/run-store.js'
import type { SettingsInput } from '../../core/train/settings.js'
import type { TrainEvent } from '../../core/train/train-prompts.js'
import type { TrainedPrompts } from '../../core/train/trained-prompts.js'
import { fingerprint } from '../../node/data/fingerprint.js'
import { writeFileAtomic } from '../../node/files/atomic.js'
import { readRegularText } from '../../node/files/regular-file.js'
import { promptsPath } from '../../node/run.js'
import { peakMemoryMB } from '../../node/runs/peak-memory.js'
import { loadPrompts } from '../../node/runs/prompts-file.js'
import { readLog } from '../../node/runs/run-directory.js'
import { trainRun } from '../../node/runs/train-run.js'
import { type BaselineTarget, baselineNamed } from '../baselines.js'
import { JournalFile } from './evaluation-journal.js'
import { identityOf, trainedFolder, type UnitData, type UnitSpec } from './unit.js'
import {
  evaluationSchema,
  journalName,
  readResult,
  readUnit,
  type UnitEvaluation,
  type UnitResult,
  unitFiles,
  writeResult,
} from './unit-files.js'

/** Test images kept with their likeliest classes. */
const SAMPLES = 12
/** With more classes the confusion matrix, which grows as their square, is not kept. */
const CONFUSION_CLASSES = 200

/** What a unit is done with. */
export interface DoUnitOptions {
  readonly model: Model
  readonly open: (data: UnitData) => Promise<Dataset>
  readonly onEvent?: (event: TrainEvent) => void
  readonly onMeasure?: (name: string, done: number, total: number) => void
  readonly signal?: AbortSignal
}

/** The parts of a result that learning gives. */
type Learned = Pick<UnitResult, 'parameters' | 'stepSeconds' | 'peakMemoryMB'>

/**
 * Does a unit in this process and writes its result. Training goes on where an earlier process was stopped.
 *
 * @param folder the unit's folder, which is also its run directory
 * @throws ConfigError, DataError when model or data are not those of the task; UserError when the unit whose prompts it
 *   measures is not finished; errors of {@link trainRun}
 */
export async function doUnit(folder: string, spec: UnitSpec, options: DoUnitOptions): Promise<UnitResult> {
  await checkModel(folder, spec, options.model)
  const open = openOnce(folder, options)
  const targets = await Promise.all(
    spec.measures.map(async (measure) => ({
      ...measure,
      images: selectClasses(await open(measure.data), measure.classes),
    })),
  )
  const outcome = baselineNamed(spec.method)
    ? await baseline(spec, await open(spec.data), targets, options)
    : await prompted(folder, spec, open, targets, options)
  const result: UnitResult = {
    identity: identityOf(spec),
    ...outcome.learned,
    measures: Object.fromEntries(
      targets.flatMap(({ name, images, classes }) => {
        const evaluation = outcome.evaluations[name]
        return evaluation
          ? [[name, record(evaluation, images, classes === 'all' && spec.protocol === 'base-to-novel')]]
          : []
      }),
    ),
  }
  await writeResult(folder, result)
  return result
}

async function checkModel(folder: string, spec: UnitSpec, model: Model): Promise<void> {
  const sha256 = await model.hash()
  if (sha256 === spec.model.sha256) return
  throw new ConfigError(
    `${model.source} is ${sha256.slice(0, 12)}…, but ${folder} is for ${spec.model.sha256.slice(0, 12)}…`,
    { hint: 'Give the command again that made it, with the model that is meant.' },
  )
}

/** Opens each data set once, and refuses one whose images are others than the unit is for. */
function openOnce(folder: string, { open }: DoUnitOptions): (data: UnitData) => Promise<Dataset> {
  const opened = new Map<string, Promise<Dataset>>()
  const checked = async (data: UnitData) => {
    const dataset = await open(data)
    if ((await fingerprint(dataset)) === data.fingerprint) {
      const { texts } = data
      const { descriptions } = dataset
      if (!texts || (descriptions && (await descriptionsHash(descriptions)) === texts.sha256)) return dataset
      throw new DataError(`${texts.path}: the sentences are not those that ${folder} is for`, {
        hint: 'Give the command again that made it, for the sentences that are there now.',
      })
    }
    throw new DataError(`${data.path}: the images are not those that ${folder} is for`, {
      hint: 'Give the command again that made it, for the images that are there now.',
    })
  }
  return (data) => {
    const key = JSON.stringify([data.path, data.root, data.classNames, data.exif, data.texts?.path])
    const known = opened.get(key) ?? checked(data)
    opened.set(key, known)
    return known
  }
}

interface Outcome {
  readonly learned: Learned
  readonly evaluations: Readonly<Record<string, Evaluation>>
}

async function baseline(
  { method, settings, skipBadImages }: UnitSpec,
  data: Dataset,
  targets: readonly BaselineTarget[],
  { model, signal, onMeasure }: DoUnitOptions,
): Promise<Outcome> {
  const { evaluations, parameters } = await baselineNamed(method)!.measure({
    model,
    data,
    targets,
    classes: (settings.classes as ClassSelection | undefined) ?? 'all',
    shots: settings.shots ?? 0,
    seed: settings.seed ?? 0,
    skipBadImages,
    ...(onMeasure ? { onProgress: onMeasure } : {}),
    ...(signal ? { signal } : {}),
  })
  return { evaluations, learned: { parameters, stepSeconds: null, peakMemoryMB: peakMemoryMB() } }
}

async function prompted(
  folder: string,
  spec: UnitSpec,
  open: (data: UnitData) => Promise<Dataset>,
  targets: readonly BaselineTarget[],
  options: DoUnitOptions,
): Promise<Outcome> {
  const from = trainedFolder(folder, spec)
  const { prompts, ...learned } = from
    ? await finishedPrompts(from, spec)
    : await train(folder, spec, await open(spec.data), options)
  const { model, onMeasure, signal } = options
  const evaluations: Record<string, Evaluation> = {}
  for (const { name, images } of targets) {
    await using classifier = await createClassifier({ prompts, model }, { classNames: images.classNames })
    evaluations[name] = await evaluateClassifier(classifier, images.test, {
      skipBadImages: spec.skipBadImages,
      journal: new JournalFile(join(folder, journalName(name)), `${identityOf(spec)} ${name}`),
      onProgress: (done, total) => onMeasure?.(name, done, total),
      ...(signal ? { signal } : {}),
    })
  }
  return { evaluations, learned: { ...learned, peakMemoryMB: learned.peakMemoryMB || peakMemoryMB() } }
}

/** What an earlier unit learned. Costs of training stay that unit's. */
async function finishedPrompts(
  from: string,
  { trained }: UnitSpec,
): Promise<Learned & { prompts: TrainedPrompts }> {
  const task = await readUnit(from)
  const result = await readResult(from, task)
  if (result?.identity !== trained!.identity) {
    throw new UserError(`${from} holds no finished training of what is to be measured`, {
      hint: `Finish it first: promptsrc unit ${from}`,
    })
  }
  const prompts = await loadPrompts(await promptsPath(from))
  return { prompts, parameters: result.parameters, stepSeconds: null, peakMemoryMB: 0 }
}

async function train(
  folder: string,
  spec: UnitSpec,
  data: Dataset,
  { model, onEvent, signal }: DoUnitOptions,
): Promise<Learned & { prompts: TrainedPrompts }> {
  const events = trainRun({
    ...(spec.settings as SettingsInput),
    model,
    data,
    dataPath: spec.data.path,
    ...(spec.data.texts ? { textsPath: spec.data.texts.path } : {}),
    out: folder,
    resume: true,
    skipBadImages: spec.skipBadImages,
    ...(signal ? { signal } : {}),
  })
  let peak = await earlierPeak(folder)
  let next = await events.next()
  for (; !next.done; next = await events.next()) {
    onEvent?.(next.value)
    if (next.value.type !== 'epoch') continue
    peak = Math.max(peak, peakMemoryMB())
    await keepPeak(folder, peak)
  }
  const prompts = next.value
  return {
    prompts,
    parameters: [...prompts.parameters.values()].reduce((sum, { length }) => sum + length, 0),
    stepSeconds: stepSeconds(await readLog(folder)),
    peakMemoryMB: peak,
  }
}

function record(evaluation: Evaluation, dataset: Dataset, together: boolean): UnitEvaluation {
  const { metrics, logits, labels, skipped } = evaluation
  const { classNames } = dataset
  return evaluationSchema.parse({
    metrics: {
      ...metrics,
      confusion: classNames.length > CONFUSION_CLASSES ? [] : metrics.confusion,
    },
    ...(together ? halvesOf(evaluation, dataset) : {}),
    calibration: calibrationBins(logits, labels, classNames.length),
    samples: sampleRows(evaluation, classNames, SAMPLES),
    skipped,
  })
}

/** Accuracies on base and on novel images where the classes of both were measured together. */
function halvesOf({ metrics }: Evaluation, dataset: Dataset): Pick<UnitEvaluation, 'halves'> {
  const [base, novel] = (['base', 'novel'] as const).map((half) =>
    accuracyOfClasses(metrics, labelsOf(dataset, half)),
  ) as [number | null, number | null]
  return base === null || novel === null ? {} : { halves: { base, novel } }
}

/** Keeps the peak so far, in MB. Throws UserError when it cannot be written. */
const keepPeak = (folder: string, peakMemoryMB: number): Promise<void> =>
  writeFileAtomic(join(folder, unitFiles.usage), `${JSON.stringify({ peakMemoryMB })}\n`)

/** The peak of processes that trained before; 0 where there was none or it was not kept. */
async function earlierPeak(folder: string): Promise<number> {
  try {
    const usage = JSON.parse(await readRegularText(join(folder, unitFiles.usage))) as {
      peakMemoryMB?: unknown
    }
    return Number(usage.peakMemoryMB) || 0
  } catch {
    return 0
  }
}

/**
 * Median time from one training step to the next by a run's log, in seconds. Steps on both sides of an epoch's end, where
 * a checkpoint is written, count only where no epoch has two steps.
 */
function stepSeconds(log: readonly LogEntry[]): number | null {
  const steps = log.filter(({ event }) => event === 'step')
  const gaps = steps.slice(1).map((entry, i) => ({
    within: entry.epoch === steps[i]!.epoch,
    seconds: (timeOf(entry) - timeOf(steps[i]!)) / 1000,
  }))
  const within = gaps.filter((gap) => gap.within)
  return medianOf((within.length > 0 ? within : gaps).map(({ seconds }) => seconds))
}

const timeOf = ({ time }: LogEntry): number => Date.parse(String(time))
