import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { Command, Option } from 'commander'
import type { Dataset, Datum } from '../core/data/dataset.js'
import { UserError } from '../core/errors.js'
import type { Model } from '../core/model.js'
import { type ModelReference, optionsOf } from '../core/model-reference.js'
import { isDrawn } from '../lab/plans/embedded.js'
import type { UnitMessage } from '../lab/units/spawn-unit.js'
import type { UnitData, UnitSpec } from '../lab/units/unit.js'
import { clearFailure, readResult, readUnit, unitFiles, writeFailure } from '../lab/units/unit-files.js'
import { trainingShare } from '../lab/units/unit-progress.js'
import { withFileLock } from '../node/files/lock.js'
import { foreignHost, type LockOwner } from '../node/files/lock-owner.js'
import { adviceOf, warn } from './fail.js'
import { interruptible } from './interrupt.js'
import { deviceOption, precisionOption, type RuntimeFlags, runtimeFrom, threadsOption } from './options.js'
import { type Progress, startProgress } from './progress.js'

const examples = `
Examples:
  $ promptsrc unit runs/compare-emoji-food/runs/promptsrc-seed1-0f3a9c21

The folder is the unit's own: with its task (unit.json) it holds what was trained, and at the end result.json with the
figures, or failure.json. A finished unit is left as it is, an interrupted one goes on.`

/** `promptsrc unit`: does one run of a comparison or a benchmark. Those start it; a job array may as well. */
export function unitCommand(): Command {
  return new Command('unit')
    .argument('<folder>', 'folder with a unit.json, as `promptsrc compare` and `promptsrc bench` make them')
    .addOption(threadsOption())
    .addOption(deviceOption())
    .addOption(precisionOption())
    .addOption(
      new Option('--kept', 'then do the units that the process which started this one names').hideHelp(),
    )
    .addHelpText('after', examples)
    .action(units)
}

async function units(first: string, { kept, ...flags }: RuntimeFlags & { kept?: true }): Promise<void> {
  stopWithParent(kept)
  let folder = first
  const signal = interruptible(() => `Interrupted. Continue with: promptsrc unit ${folder}`)
  await using place = new Workplace(flags, signal)
  await unit(folder, place, signal)
  while (kept && process.connected) {
    const next = once(process, 'message') as Promise<[{ folder: string }]>
    tell({ finished: true })
    folder = (await next)[0].folder
    await unit(folder, place, signal)
  }
}

async function unit(folder: string, place: Workplace, signal: AbortSignal): Promise<void> {
  const spec = await readUnit(folder)
  const isFinished = async () => {
    const result = await readResult(folder, spec)
    if (result) process.stdout.write(`${folder} is finished\n`)
    return result !== undefined
  }
  if (await isFinished()) return
  const attempt = async () => {
    // By the process that was waited for.
    if (await isFinished()) return
    try {
      await clearFailure(folder)
      await work(folder, spec, place, signal)
    } catch (error) {
      if (error instanceof Error && !signal.aborted) {
        const advice = error instanceof UserError ? adviceOf(error) : []
        const failure = { message: error.message, ...(advice.length > 0 ? { hint: advice.join(' ') } : {}) }
        // Where even that cannot be written, such as on a full disk, the error itself is what counts.
        await writeFailure(folder, failure).catch(() => {})
      }
      throw error
    }
  }
  // Whoever comes second waits, and then finds the result or goes on.
  await withFileLock(join(folder, unitFiles.lock), attempt, {
    signal,
    onWait: (owner) => process.stderr.write(`waiting for ${nameOf(owner)}, which does this run\n`),
  })
}

const nameOf = (owner: LockOwner): string => {
  const host = foreignHost(owner)
  return `process ${owner.pid}${host === undefined ? '' : ` on ${host}`}`
}

async function work(folder: string, spec: UnitSpec, place: Workplace, signal: AbortSignal): Promise<void> {
  // Loaded where there is work: a sweep that is called again starts this command for units that others have done.
  const { doUnit } = await import('../lab/units/do-unit.js')
  const model = await place.model(spec.model)
  const show = progressOf(spec)
  const { measures } = await doUnit(folder, spec, {
    model,
    open: (data) => place.open(data, spec.model.frames),
    signal,
    onMeasure: show.measured,
    onEvent(event) {
      if (event.type === 'warning') warn(event.message)
      if (event.type === 'start') show.started(event.epochs, event.stepsPerEpoch, event.done)
      if (event.type === 'step') show.stepped(event.epoch, event.step, event.losses.total!)
    },
  }).finally(() => show.stop())
  for (const [name, { metrics }] of Object.entries(measures)) {
    process.stdout.write(`${name} ${metrics.accuracy.toFixed(1)} %\n`)
  }
}

/** What units of one process share: a model, and drawn data. */
class Workplace {
  private loaded: { readonly key: string; readonly model: Model } | undefined
  private readonly drawn = new Map<string, Promise<Dataset>>()

  constructor(
    private readonly flags: RuntimeFlags,
    private readonly signal: AbortSignal,
  ) {}

  /** The model of a unit; the last one where it is the same. */
  async model(reference: ModelReference): Promise<Model> {
    const key = JSON.stringify(reference)
    if (this.loaded?.key === key) return this.loaded.model
    await this[Symbol.asyncDispose]()
    const { loadModel } = await import('../node/model.js')
    const { signal } = this
    const options = { ...optionsOf(reference), signal, ...runtimeFrom(this.flags) }
    this.loaded = { key, model: await loadModel(reference.name, options) }
    return this.loaded.model
  }

  /** The data of a unit. Pictures of drawn data are drawn once. */
  async open({ path, root, classNames, exif, texts }: UnitData, frames?: number): Promise<Dataset> {
    const { openData } = await import('./data.js')
    const open = () =>
      openData(path, {
        ...(root ? { root } : {}),
        ...(classNames ? { classNames } : {}),
        ...(texts ? { texts: texts.path } : {}),
        exif: exif ?? 'ignore',
        frames,
      })
    if (texts || frames !== undefined || !isDrawn(path) || existsSync(path)) return open()
    const known = this.drawn.get(path) ?? open().then(drawnOnce)
    this.drawn.set(path, known)
    return known
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.loaded?.model.close()
    this.loaded = undefined
  }
}

function drawnOnce(dataset: Dataset): Dataset {
  const part = (data: readonly Datum[]) =>
    data.map((datum) => {
      let image: ReturnType<Datum['load']> | undefined
      return {
        ...datum,
        load() {
          image ??= datum.load()
          return image
        },
      }
    })
  const { train, val, test } = dataset
  return { ...dataset, train: part(train), val: part(val), test: part(test) }
}

/** Bars for training and each measure, and the whole share for the process that started this one. */
function progressOf(spec: UnitSpec) {
  const { label, settings, measures } = spec
  const name = settings.seed === null ? label : `${label}, seed ${settings.seed}`
  const training = trainingShare(spec)
  let bar: Progress | undefined
  let stepsPerEpoch = 0
  let steps = 0
  let measured = ''
  const begin = (title: string, total: number, done = 0) => {
    bar?.stop()
    if (!process.connected) bar = startProgress(title, total, done)
  }
  return {
    started(epochs: number, perEpoch: number, done: number) {
      stepsPerEpoch = perEpoch
      steps = epochs * perEpoch
      begin(name, steps, done * perEpoch)
    },
    stepped(epoch: number, step: number, loss: number) {
      const done = (epoch - 1) * stepsPerEpoch + step
      bar?.update(done, `loss ${loss.toFixed(3)}`)
      tell({ share: (training * done) / steps })
    },
    measured(measure: string, done: number, total: number) {
      if (measure !== measured) begin(`${name}: ${measure}`, total)
      measured = measure
      bar?.update(done)
      const place = measures.findIndex((one) => one.name === measure)
      tell({ share: training + ((1 - training) * (place + done / total)) / measures.length })
    },
    stop: () => bar?.stop(),
  }
}

/** Ends this process when the one that started it lets go of it or dies; the disk is whole at any moment. */
function stopWithParent(kept = false): void {
  if (!process.send) return
  if (!process.connected) process.exit(130)
  process.on('disconnect', () => process.exit(130))
  // Waiting for that must not keep a process that is done.
  if (!kept) process.channel?.unref()
}

/** Tells the process that started this one, if one did and is there still. */
function tell(message: UnitMessage): void {
  if (process.connected) process.send!(message, () => {})
}
