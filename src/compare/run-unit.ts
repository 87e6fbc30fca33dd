import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { selectClasses } from '../data/base-novel.js'
import type { Dataset } from '../data/dataset.js'
import { fingerprint } from '../data/fingerprint.js'
import { ConfigError, DataError } from '../errors.js'
import { type Evaluation, evaluateClassifier } from '../evaluate/evaluate.js'
import { calibrationBins } from '../evaluate/metrics.js'
import { writeFileAtomic } from '../files/atomic.js'
import type { Model } from '../model.js'
import { sampleRows } from '../report/sample-images.js'
import { createClassifier } from '../run.js'
import { peakMemoryMB } from '../train/peak-memory.js'
import { type LogEntry, readLog } from '../train/run-directory.js'
import type { SettingsInput } from '../train/settings.js'
import type { TrainEvent } from '../train/train-prompts.js'
import { trainRun } from '../train/train-run.js'
import { baselineNamed } from './baselines.js'
import { medianOf } from './statistics.js'
import {
  evaluationSchema,
  identityOf,
  type UnitEvaluation,
  type UnitResult,
  type UnitSpec,
  writeResult,
} from './unit.js'

/** Test images kept with their likeliest classes. */
const SAMPLES = 12
/** Peak memory so far, kept beside the run for processes that continue it. */
const USAGE = 'usage.json'

/** What a unit is done with. */
export interface RunUnitOptions {
  readonly model: Model
  readonly data: Dataset
  readonly onEvent?: (event: TrainEvent) => void
  readonly signal?: AbortSignal
}

type Outcome = Omit<UnitResult, 'identity' | 'evaluations'> & {
  readonly evaluations: { readonly base?: Evaluation; readonly novel?: Evaluation }
}

/**
 * Does a unit in this process and writes its result. Training goes on where an earlier process was stopped.
 *
 * @param folder the unit's folder, which is also its run directory
 * @throws ConfigError, DataError when model or data are not those of the task; errors of {@link trainRun}
 */
export async function runUnit(folder: string, spec: UnitSpec, options: RunUnitOptions): Promise<UnitResult> {
  const { model, data } = options
  const sha256 = await model.hash()
  if (sha256 !== spec.model.sha256) {
    throw new ConfigError(
      `${model.source} is ${sha256.slice(0, 12)}…, but ${folder} is for ${spec.model.sha256.slice(0, 12)}…`,
      { hint: 'Call `promptsrc compare` again with the model that is meant.' },
    )
  }
  if ((await fingerprint(data)) !== spec.data.fingerprint) {
    throw new DataError(`${spec.data.path}: the images are not those that ${folder} is for`, {
      hint: 'Call `promptsrc compare` again for the images that are there now.',
    })
  }
  const outcome = await (baselineNamed(spec.method)
    ? measured(spec, options)
    : trained(folder, spec, options))
  const { base, novel } = outcome.evaluations
  const result: UnitResult = {
    identity: identityOf(spec),
    ...outcome,
    evaluations: {
      ...(base ? { base: record(base, selectClasses(data, 'base').classNames) } : {}),
      ...(novel ? { novel: record(novel, selectClasses(data, 'novel').classNames) } : {}),
    },
  }
  await writeResult(folder, result)
  return result
}

async function measured(spec: UnitSpec, { model, data, signal }: RunUnitOptions): Promise<Outcome> {
  const { settings, skipBadImages } = spec
  const outcome = await baselineNamed(spec.method)!.measure({
    model,
    data,
    shots: settings.shots ?? 0,
    seed: settings.seed ?? 0,
    skipBadImages,
    ...(signal ? { signal } : {}),
  })
  return { evaluations: {}, ...outcome, stepSeconds: null, peakMemoryMB: peakMemoryMB() }
}

async function trained(folder: string, spec: UnitSpec, options: RunUnitOptions): Promise<Outcome> {
  const { model, data, onEvent, signal } = options
  const { settings, skipBadImages } = spec
  const events = trainRun({
    ...(settings as SettingsInput),
    model,
    data,
    dataPath: spec.data.path,
    out: folder,
    resume: true,
    skipBadImages,
    ...(signal ? { signal } : {}),
  })
  let peak = await earlierPeak(folder)
  let next = await events.next()
  for (; !next.done; next = await events.next()) {
    onEvent?.(next.value)
    if (next.value.type !== 'epoch') continue
    peak = Math.max(peak, peakMemoryMB())
    await writeFileAtomic(join(folder, USAGE), `${JSON.stringify({ peakMemoryMB: peak })}\n`)
  }
  const prompts = next.value
  const evaluate = async (selection: 'base' | 'novel') => {
    const { classNames, test } = selectClasses(data, selection)
    const classifier = await createClassifier({ prompts, model }, { classNames })
    const evaluation = await evaluateClassifier(classifier, test, {
      resolution: model.clip.resolution,
      skipBadImages,
      ...(signal ? { signal } : {}),
    })
    await classifier.release()
    return evaluation
  }
  const base = await evaluate('base')
  const novel = await evaluate('novel')
  return {
    accuracies: { base: base.metrics.accuracy, novel: novel.metrics.accuracy },
    evaluations: { base, novel },
    parameters: [...prompts.parameters.values()].reduce((sum, { length }) => sum + length, 0),
    stepSeconds: stepSeconds(await readLog(folder)),
    peakMemoryMB: peak,
  }
}

/** The peak of processes that trained before; 0 where there was none or it was not kept. */
async function earlierPeak(folder: string): Promise<number> {
  try {
    const usage = JSON.parse(await readFile(join(folder, USAGE), 'utf8')) as { peakMemoryMB?: unknown }
    return Number(usage.peakMemoryMB) || 0
  } catch {
    return 0
  }
}

/**
 * Median time from one training step to the next by a run's log, in seconds. Steps on both sides of an epoch's end, where
 * a checkpoint is written, count only where no epoch has two steps.
 */
export function stepSeconds(log: readonly LogEntry[]): number | null {
  const steps = log.filter(({ event }) => event === 'step')
  const gaps = steps.slice(1).map((entry, i) => ({
    within: entry.epoch === steps[i]!.epoch,
    seconds: (timeOf(entry) - timeOf(steps[i]!)) / 1000,
  }))
  const within = gaps.filter((gap) => gap.within)
  return medianOf((within.length > 0 ? within : gaps).map(({ seconds }) => seconds))
}

const timeOf = ({ time }: LogEntry): number => Date.parse(String(time))

function record(evaluation: Evaluation, classNames: readonly string[]): UnitEvaluation {
  const { metrics, logits, labels, skipped } = evaluation
  return evaluationSchema.parse({
    metrics,
    calibration: calibrationBins(logits, labels, classNames.length),
    samples: sampleRows(evaluation, classNames, SAMPLES),
    skipped,
  })
}
