import { join } from 'node:path'
import { ConfigError, TrainingError, UserError, WeightsError } from '../errors.js'
import { methodNamed } from '../methods/registry.js'
import { readCheckpoint, writeCheckpoint } from './checkpoint.js'
import { environment } from './environment.js'
import { savePrompts, type TrainedPrompts } from './prompts-file.js'
import { RunDirectory } from './run-directory.js'
import { resolveSettings, type Settings } from './settings.js'
import { type TrainEvent, type TrainPromptsOptions, trainPrompts } from './train-prompts.js'
import type { Trainer, TrainerState } from './trainer.js'

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

/** The configuration of a run as it is written. */
export interface RunConfig {
  readonly model: { readonly name: string; readonly sha256: string }
  readonly data: { readonly name: string; readonly path?: string }
  readonly settings: Settings
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
  const { model, data, skipBadImages: _skip, signal: _signal, ...input } = rest
  const settings = resolveSettings(input)
  const config: RunConfig = {
    model: { name: model.name, sha256: await model.hash() },
    data: { name: data.name, ...(dataPath === undefined ? {} : { path: dataPath }) },
    settings,
  }
  const run = await RunDirectory.take(out)
  try {
    const known = await RunDirectory.readConfig(out)
    if (known !== undefined && !resume && !overwrite) {
      throw new UserError(`${out} already holds a run`, {
        hint: 'Continue it with --resume, replace it with --overwrite, or choose another directory with --out.',
      })
    }
    const continues = known !== undefined && resume
    if (continues) checkSameRun(out, known, config)
    else {
      await run.clear()
      await run.writeConfig(config)
    }
    await run.writeJson('environment.json', environment())
    const { parameters, classNames } = yield* record(run, { ...rest, ...settings }, continues)
    const prompts: TrainedPrompts = {
      method: methodNamed(settings.method),
      methodOptions: settings.methodOptions,
      parameters,
      classNames,
      model: config.model,
    }
    await savePrompts(join(out, 'prompts.safetensors'), prompts, model.clip)
    return prompts
  } finally {
    await run.release()
  }
}

async function* record(
  run: RunDirectory,
  options: TrainPromptsOptions,
  resume: boolean,
): AsyncGenerator<TrainEvent, TrainerState & { classNames: readonly string[] }> {
  const from = resume ? await latestState(run, options) : undefined
  for (const message of from?.warnings ?? []) yield { type: 'warning', message }
  await run.cutLog(from?.state?.epoch ?? 0)
  let classNames: readonly string[] = []
  let trainer: Trainer | undefined
  const events = trainPrompts({ ...options, ...(from?.state ? { from: from.state } : {}) })
  try {
    for (;;) {
      const next = await events.next()
      if (next.done) return { ...next.value, classNames }
      const event = next.value
      if (event.type === 'start') {
        ;({ classNames, trainer } = event)
      } else if (event.type === 'warning') {
        run.log({ event: 'warning', message: event.message })
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
    if (error instanceof TrainingError) throw await withLastCheckpoint(error, run)
    throw error
  } finally {
    // Where the consumer stops early, training must let go of its session and its images.
    await events.return(undefined as never)
  }
}

/** The error with the checkpoint from which to go on. */
async function withLastCheckpoint(error: TrainingError, run: RunDirectory): Promise<TrainingError> {
  const [epoch] = await run.checkpoints()
  const last =
    epoch === undefined
      ? 'no checkpoint was written'
      : `the last good checkpoint is ${run.checkpointPath(epoch)}`
  return new TrainingError(`${error.message}; ${last}`, {
    cause: error,
    ...(error.hint ? { hint: error.hint } : {}),
  })
}

/** The newest checkpoint that is whole; damaged ones are passed over with a warning. */
async function latestState(run: RunDirectory, { model, ...options }: TrainPromptsOptions) {
  const { method, methodOptions } = options
  const specs = methodNamed(method!).parameters(methodOptions, model.clip)
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

/** Refuses to continue a run under other settings, model or data. */
function checkSameRun(out: string, known: unknown, config: RunConfig): void {
  const recorded = flat(known)
  for (const [key, value] of flat(config)) {
    // The data may have moved; its name and the settings decide which images are drawn.
    if (key === 'data.path') continue
    if (recorded.get(key) !== value) {
      throw new ConfigError(`${out} was begun with ${key} ${recorded.get(key) ?? 'unset'}, not ${value}`, {
        hint: 'Resume with the options of the first call, or train into another directory.',
      })
    }
  }
}

function flat(value: unknown, prefix = ''): Map<string, string> {
  if (typeof value !== 'object' || value === null) return new Map([[prefix, JSON.stringify(value)]])
  const entries = Object.entries(value).flatMap(([key, inner]) => [
    ...flat(inner, prefix ? `${prefix}.${key}` : key),
  ])
  return new Map(entries)
}
