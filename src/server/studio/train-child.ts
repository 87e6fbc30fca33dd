import { once } from 'node:events'
import { basename, dirname, join } from 'node:path'
import type { Datum } from '../../core/data/dataset.js'
import { UserError } from '../../core/errors.js'
import { optionsOf } from '../../core/model-reference.js'
import { heldOutFigures } from '../../core/run/held-out-figures.js'
import { measureProject } from '../../core/studio/report.js'
import type { TrainingNews } from '../../core/studio/training-state.js'
import type { SettingsInput } from '../../core/train/settings.js'
import { sha256 } from '../../node/cache/cache-key.js'
import { openFolder } from '../../node/data/folder.js'
import { writeFileAtomic } from '../../node/files/atomic.js'
import { readRegular } from '../../node/files/regular-file.js'
import { loadModel } from '../../node/model.js'
import { promptsPath } from '../../node/run.js'
import { readLog, readRunConfig } from '../../node/runs/run-directory.js'
import { keepHeldOutFigures } from '../../node/runs/threshold.js'
import { trainRun } from '../../node/runs/train-run.js'
import { plainHint, STUDIO_REPORT } from './runs.js'

/** What the process that trains is told to do. */
export interface TrainOrders {
  readonly photos: string
  /** Run directory. */
  readonly out: string
  readonly model: string
  readonly settings: SettingsInput
  readonly resume: boolean
  readonly threads: number | undefined
}

/** Between two steps that are told, in milliseconds. */
const TELL_MS = 100

/** Classes with fewer pictures than may be learned from: the page has said how many there are. */
const SHORTAGE = /fewer( training images)? than \d+ shots/

// The process that trains. It ends when the one that started it does, or tells it to stop; what is on disk is whole at any
// moment, and the run goes on from its last epoch.
const stopping = new AbortController()
const stop = () => stopping.abort(new DOMException('stopped', 'AbortError'))
process.on('disconnect', stop)
// A terminal's Ctrl-C reaches all of its processes; the one that started this one decides.
process.on('SIGINT', () => {})
const [orders] = (await once(process, 'message')) as [TrainOrders]
process.once('message', stop)
let told = Promise.resolve()
const tell = (news: TrainingNews) => {
  if (process.connected) told = new Promise((resolve) => process.send!(news, () => resolve()))
}
try {
  await work(orders, stopping.signal)
  tell({ type: 'finish' })
} catch (error) {
  if (stopping.signal.aborted) tell({ type: 'stop' })
  else if (error instanceof UserError) {
    tell({ type: 'fail', message: error.message, hint: plainHint(error.hint) })
  } else {
    process.stderr.write(`${error instanceof Error ? error.stack : error}\n`)
    tell({ type: 'fail', message: 'A fault of promptsrc ended the training; the terminal says more.' })
  }
}
await told
process.removeListener('disconnect', stop)
if (process.connected) process.disconnect()

async function work(
  { photos, out, model: name, settings: input, resume, threads }: TrainOrders,
  signal: AbortSignal,
): Promise<void> {
  const config = resume ? await readRunConfig(out) : undefined
  const dataset = await openFolder(photos, {
    ...(config?.data.exif ? { exif: config.data.exif } : {}),
    onWarning: ({ message }) => tell({ type: 'warning', message }),
  })
  await using model = await loadModel(name, {
    ...(config ? optionsOf(config.model) : {}),
    ...(threads === undefined ? {} : { threads }),
    signal,
    onProgress: ({ received, total }) => tell({ type: 'download', received, total }),
  })
  const training = trainRun({
    ...(config?.settings ?? input),
    model,
    data: dataset,
    dataPath: photos,
    out,
    resume,
    skipBadImages: true,
    signal,
  })
  let last = Number.NEGATIVE_INFINITY
  let next = await training.next()
  for (; !next.done; next = await training.next()) {
    const event = next.value
    if (event.type === 'warning') {
      if (!SHORTAGE.test(event.message)) {
        tell({ type: 'warning', message: event.message.replaceAll(`${photos}/`, '') })
      }
    } else if (event.type === 'epoch') {
      tell({ type: 'epoch', loss: event.losses.total!, accuracy: event.accuracy })
    } else if (event.type === 'start') {
      const { epochs, stepsPerEpoch, done } = event
      const curve = await curveOf(out, done)
      tell({ type: 'start', at: performance.now(), epochs, stepsPerEpoch, curve })
    } else if (event.type === 'step' && performance.now() - last > TELL_MS) {
      last = performance.now()
      tell({ type: 'step', at: last, epoch: event.epoch, step: event.step })
    }
  }
  const run = { prompts: next.value, model }
  const settings = (await readRunConfig(out))!.settings
  const { report, apart } = await measureProject({
    run,
    dataset,
    settings,
    classIds: dataset.folders,
    refOf: ({ source }: Datum) => ({ classId: basename(dirname(source)), name: basename(source) }),
    prompts: sha256(await readRegular(await promptsPath(out))),
    signal,
    onProgress: (done, total) => tell({ type: 'measure', done, total }),
  })
  if (apart) await keepHeldOutFigures(out, await heldOutFigures(run, apart, 'val'))
  await writeFileAtomic(join(out, STUDIO_REPORT), `${JSON.stringify(report)}\n`)
}

/** The curve of epochs that an earlier part of the run has finished. */
async function curveOf(out: string, epochs: number) {
  const entries = epochs > 0 ? await readLog(out) : []
  return entries
    .filter(({ event, epoch = 0 }) => event === 'epoch' && epoch <= epochs)
    .map(({ losses, accuracy }) => ({
      loss: (losses as Record<string, number>).total!,
      accuracy: accuracy as number,
    }))
}
