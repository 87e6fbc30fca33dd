import { once } from 'node:events'
import { basename, dirname, join } from 'node:path'
import type { Datum } from '../../core/data/dataset.js'
import { UserError } from '../../core/errors.js'
import { optionsOf } from '../../core/model-reference.js'
import { heldOutFigures } from '../../core/run/held-out-figures.js'
import { followTraining } from '../../core/studio/follow-training.js'
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
  const prompts = await followTraining(training, {
    tell,
    log: () => readLog(out),
    wording: (warning) => warning.replaceAll(`${photos}/`, ''),
  })
  const run = { prompts, model }
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
