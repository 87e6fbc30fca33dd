import { totalmem } from 'node:os'
import { join } from 'node:path'
import { selectClasses } from '../../core/data/base-novel.js'
import { DataError, TrainingError, UserError, WeightsError } from '../../core/errors.js'
import { configure, methodNamed } from '../../core/methods/registry.js'
import { referenceTo } from '../../core/model-reference.js'
import { resolveSettings, type Settings } from '../../core/train/settings.js'
import {
  type TrainEvent,
  type TrainingInput,
  type TrainPromptsOptions,
  trainWith,
} from '../../core/train/train-prompts.js'
import type { TrainedPrompts } from '../../core/train/trained-prompts.js'
import type { Trainer, TrainerState } from '../../core/train/trainer.js'
import { readCheckpoint, writeCheckpoint } from './checkpoint.js'
import { environment } from './environment.js'
import { savePrompts } from './prompts-file.js'
import { checkSameRun, type RunConfig, readRunConfig } from './run-config.js'
import { RunDirectory } from './run-directory.js'
import { runFiles } from './run-files.js'

export type { RunConfig } from './run-config.js'

/** Where and how a run is recorded. */
export interface TrainRunOptions extends Omit<TrainPromptsOptions, 'from'> {
  /** Run directory. */
  readonly out: string
  /** Continue a run that was interrupted; where there is none, begin one. */
  readonly resume?: boolean
  /** Replace a run that is there. */
  readonly overwrite?: boolean
  /** Path of the data, to be found again on resuming. */
  readonly dataPath?: string
}

/**
 * Trains into a run directory: {@link trainPrompts} with a log, a checkpoint an epoch and the final prompts.
 * A run that was killed at any moment and resumed ends in the same bits as one that was not.
 *
 * @returns the learned prompts, also in `out/prompts.safetensors`
 * @throws UserError when the directory holds another run, TrainingError when it is in use or the loss is not finite
 */
export async function* trainRun(options: TrainRunOptions): AsyncGenerator<TrainEvent, TrainedPrompts> {
  const { out, resume = false, overwrite = false, dataPath, ...rest } = options
  const { model, data, skipBadImages: _skip, memory = ownMemory(), signal: _signal, ...input } = rest
  const resolved = resolveSettings(input, model.clip)
  const run = await RunDirectory.take(out)
  try {
    const files = await run.files()
    if (files.length > 0 && !resume && !overwrite) throw alreadyThere(out, files)
    const known = resume ? await readRunConfig(out) : undefined
    if (resume && !known && files.length > 0) throw alreadyThere(out, files)
    // A run goes on as it was begun, however much memory there is by now.
    const begun = known?.settings.classesAtOnce
    const settings = begun && !resolved.classesAtOnce ? { ...resolved, classesAtOnce: begun } : resolved
    const config: RunConfig = {
      model: await referenceTo(model),
      data: {
        name: data.name,
        ...(dataPath === undefined ? {} : { path: dataPath }),
        images: data.train.length,
        classNames: data.classNames,
        ...(data.exif === undefined ? {} : { exif: data.exif }),
      },
      settings,
    }
    if (known) checkSameRun(out, known, config)
    const begin = async (taken: number | undefined) => {
      if (!known) {
        await run.clear()
        await run.writeConfig(taken ? { ...config, settings: { ...settings, classesAtOnce: taken } } : config)
      }
      await run.writeJson(runFiles.environment, environment())
    }
    const { parameters, classNames } = yield* record(
      run,
      settings,
      { ...rest, memory: known ? undefined : memory },
      known !== undefined,
      begin,
    )
    const prompts: TrainedPrompts = {
      method: methodNamed(settings.method),
      methodOptions: settings.methodOptions,
      parameters,
      classNames,
      model: config.model,
    }
    await savePrompts(join(out, runFiles.prompts), prompts, model.clip)
    return prompts
  } finally {
    await run.release()
  }
}

/** Three quarters of this machine's memory, or of what the process is allowed. */
function ownMemory(): number {
  // 0, or more than there is, where nothing limits the process.
  const allowed = process.constrainedMemory?.() || Number.POSITIVE_INFINITY
  return 0.75 * Math.min(totalmem(), allowed)
}

function alreadyThere(out: string, files: readonly string[]): UserError {
  const choices = 'replace it with --overwrite, or choose another directory with --out.'
  if (files.includes(runFiles.config)) {
    return new UserError(`${out} already holds a run`, { hint: `Continue it with --resume, ${choices}` })
  }
  return new UserError(
    `${out} holds ${files.join(', ')}, but no ${runFiles.config}: it is no run to continue`,
    {
      hint: `To train there, ${choices}`,
    },
  )
}

async function* record(
  run: RunDirectory,
  settings: Settings,
  input: TrainingInput,
  resume: boolean,
  begin: (classesAtOnce: number | undefined) => Promise<void>,
): AsyncGenerator<TrainEvent, TrainerState & { classNames: readonly string[] }> {
  const from = resume ? await latestState(run, settings, input) : undefined
  for (const message of from?.warnings ?? []) yield { type: 'warning', message }
  if (resume) await run.cutLog(from?.state?.epoch ?? 0)
  let begun = false
  let stepped = false
  let classNames: readonly string[] = []
  let trainer: Trainer | undefined
  const events = trainWith(settings, { ...input, ...(from?.state ? { from: from.state } : {}) })
  try {
    for (;;) {
      const next = await events.next()
      if (next.done) return { ...next.value, classNames }
      const event = next.value
      if (event.type === 'epoch') checkFinite(event.epoch, event.state)
      stepped = event.type === 'step'
      // What cannot make a step, such as for an unreadable image, neither replaces a run nor leaves one.
      if (!begun && event.type === 'step') {
        await begin(trainer?.classesAtOnce)
        begun = true
      }
      if (event.type === 'start') {
        ;({ classNames, trainer } = event)
      } else if (event.type === 'warning') {
        // A run that goes on has them in its log.
        if (!from?.state) run.log({ event: 'warning', message: event.message })
      } else if (event.type === 'step') {
        const { epoch, step, learningRate, losses } = event
        run.log({ event: 'step', epoch, step, learningRate, losses })
      } else {
        const { epoch, learningRate, losses, accuracy, state } = event
        run.log({ event: 'epoch', epoch, learningRate, losses, accuracy })
        // The log first: what it holds beyond the last checkpoint is cut on resuming.
        await run.flush()
        await writeCheckpoint(run.checkpointPath(epoch), state, trainer!.specs)
      }
      yield event
    }
  } catch (error) {
    // Before the first checkpoint there is nothing to continue, and the call with the mistake mended begins anew.
    if (error instanceof DataError && begun && (await run.checkpoints()).length === 0) await run.clear()
    if (!(error instanceof TrainingError)) throw error
    // The steps before the failure tell how it came about.
    if (begun) await run.flush()
    const epochs = begun || resume ? await run.checkpoints() : []
    // Where the first step of an epoch fails, the checkpoint before it is what leads there.
    throw withLastCheckpoint(error, run, stepped ? epochs[0] : epochs[1])
  } finally {
    // Where the consumer stops early, training must let go of its session and its images.
    await events.return(undefined as never)
  }
}

/** Prompts that are no numbers are worth nothing to anybody: they are neither a checkpoint nor a result. */
function checkFinite(epoch: number, { parameters }: TrainerState): void {
  for (const [name, values] of parameters) {
    const bad = values.find((value) => !Number.isFinite(value))
    if (bad === undefined) continue
    throw new TrainingError(`the prompts after epoch ${epoch} are no numbers: ${name} holds ${bad}`, {
      hint: 'Train with other settings; of PromptSRC, gpaStd must not be so small that no epoch has any weight.',
    })
  }
}

/** The error with the checkpoint from which to go on. */
function withLastCheckpoint(
  error: TrainingError,
  run: RunDirectory,
  epoch: number | undefined,
): TrainingError {
  const last =
    epoch === undefined
      ? 'there is no good checkpoint'
      : `the last good checkpoint is ${run.checkpointPath(epoch)}`
  return new TrainingError(`${error.message}; ${last}`, {
    cause: error,
    ...(error.hint ? { hint: error.hint } : {}),
  })
}

/** The newest checkpoint that is whole; damaged ones are passed over with a warning. */
async function latestState(run: RunDirectory, settings: Settings, { model, data }: TrainingInput) {
  const method = methodNamed(settings.method)
  const { classNames } = selectClasses(data, settings.classes)
  const specs = configure(
    { method, methodOptions: settings.methodOptions, classNames },
    model.clip,
  ).parameters
  const warnings: string[] = []
  for (const epoch of await run.checkpoints()) {
    try {
      return { state: await readCheckpoint(run.checkpointPath(epoch), specs), warnings }
    } catch (error) {
      if (!(error instanceof WeightsError)) throw error
      warnings.push(`${error.message}; going back to the checkpoint before`)
    }
  }
  return { state: undefined, warnings }
}
