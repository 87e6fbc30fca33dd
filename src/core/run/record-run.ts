import { selectClasses } from '../data/base-novel.js'
import type { Dataset } from '../data/dataset.js'
import { descriptionsHash } from '../data/descriptions.js'
import { DataError, TrainingError, WeightsError } from '../errors.js'
import { configure, methodNamed } from '../methods/registry.js'
import { referenceTo } from '../model-reference.js'
import { resolveSettings, type Settings } from '../train/settings.js'
import {
  type TrainEvent,
  type TrainingInput,
  type TrainPromptsOptions,
  trainWith,
} from '../train/train-prompts.js'
import { encodePrompts, type TrainedPrompts } from '../train/trained-prompts.js'
import type { Trainer, TrainerState } from '../train/trainer.js'
import { encodeCheckpoint, readCheckpoint } from './checkpoint.js'
import { checkSameRun, type RunConfig } from './run-config.js'
import { runFiles } from './run-files.js'
import type { RunStore } from './run-store.js'

/** How a run is recorded, wherever that is. */
export interface RecordRunOptions extends Omit<TrainPromptsOptions, 'from'> {
  /** Continue a run that was interrupted; where there is none, begin one. */
  readonly resume?: boolean
  /** Replace a run that is there. */
  readonly overwrite?: boolean
  /** Path of the data, to be found again on resuming. */
  readonly dataPath?: string
  /** Path of the sentences about its classes, likewise. */
  readonly textsPath?: string
}

/**
 * {@link trainPrompts} with a log, a checkpoint an epoch and the final prompts. A run that was ended at any moment and
 * resumed ends in the same bits as one that was not.
 *
 * @param take takes the place that the run is recorded in, once the settings are known to be right; it is given free again
 * @param environment what the result depends on beside its settings
 * @returns the learned prompts, also in the run's `prompts.safetensors`
 * @throws UserError when there is another run, TrainingError when it is in use or the loss is not finite
 */
export async function* recordRun(
  take: () => Promise<RunStore>,
  options: RecordRunOptions,
  environment: () => unknown,
): AsyncGenerator<TrainEvent, TrainedPrompts> {
  const { resume = false, overwrite = false, dataPath, textsPath, ...rest } = options
  const { model, data, skipBadImages: _skip, memory, signal: _signal, ...input } = rest
  const resolved = resolveSettings(input, model.clip)
  const run = await take()
  try {
    const files = await run.files()
    if (files.length > 0 && !resume && !overwrite) throw run.alreadyThere(files)
    const known = resume ? await run.config() : undefined
    if (resume && !known && files.length > 0) throw run.alreadyThere(files)
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
        ...(methodNamed(settings.method).learning === 'texts' ? await descriptionsOf(data, textsPath) : {}),
        ...(data.exif === undefined ? {} : { exif: data.exif }),
      },
      settings,
    }
    if (known) checkSameRun(run.path, known, config)
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
    await run.writePrompts(encodePrompts(prompts, model.clip))
    return prompts
  } finally {
    await run.release()
  }
}

/** The sentences of a data set as a run names them. */
async function descriptionsOf(
  { descriptions }: Dataset,
  path: string | undefined,
): Promise<Pick<RunConfig['data'], 'descriptions'>> {
  if (!descriptions) return {}
  const count = descriptions.sentences.flat().length
  return {
    descriptions: {
      ...(path === undefined ? {} : { path }),
      count,
      sha256: await descriptionsHash(descriptions),
    },
  }
}

async function* record(
  run: RunStore,
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
      } else if (event.type === 'epoch') {
        const { epoch, learningRate, losses, accuracy, state } = event
        run.log({ event: 'epoch', epoch, learningRate, losses, accuracy })
        // The log first: what it holds beyond the last checkpoint is cut on resuming.
        await run.flush()
        await run.writeCheckpoint(epoch, await encodeCheckpoint(state, trainer!.specs))
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
function withLastCheckpoint(error: TrainingError, run: RunStore, epoch: number | undefined): TrainingError {
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
async function latestState(run: RunStore, settings: Settings, { model, data }: TrainingInput) {
  const method = methodNamed(settings.method)
  const { classNames } = selectClasses(data, settings.classes)
  const specs = configure(
    { method, methodOptions: settings.methodOptions, classNames },
    model.clip,
  ).parameters
  const warnings: string[] = []
  for (const epoch of await run.checkpoints()) {
    try {
      return { state: await readCheckpoint(await run.openCheckpoint(epoch), epoch, specs), warnings }
    } catch (error) {
      if (!(error instanceof WeightsError)) throw error
      warnings.push(`${error.message}; going back to the checkpoint before`)
    }
  }
  return { state: undefined, warnings }
}
