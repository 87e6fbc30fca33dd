import { UserError } from '../core/errors.js'
import { sha256 } from '../core/hash.js'
import type { Model } from '../core/model.js'
import { heldOutFigures, heldOutFiguresText } from '../core/run/held-out-figures.js'
import { epochOfCheckpoint, runFiles } from '../core/run/run-files.js'
import { followTraining, settingsOf } from '../core/studio/follow-training.js'
import type { RunSummary, StudioAnswer, TrainChoice } from '../core/studio/place.js'
import { accuracyOf, measureProject, type StudioReport } from '../core/studio/report.js'
import type { TrainingNews } from '../core/studio/training-state.js'
import type { SettingsInput } from '../core/train/settings.js'
import { type FileStore, readText } from '../web/kept/file-store.js'
import type { RunClassifier } from '../web/picture-classifier.js'
import { type LoadedRun, loadRun } from '../web/run/load-run.js'
import { runClassifier } from '../web/run/run-classifier.js'
import { readLog, readRunConfig } from '../web/run/run-folder.js'
import { trainRun } from '../web/run/train-run.js'
import type { TabPictures } from './tab-pictures.js'
import { folderOf } from './tab-store.js'

/** Name of the report in a run, as `promptsrc studio` has it. */
const REPORT = 'studio.json'
const RUNS = 'runs'

/** The trainings of a project in a tab. */
export class TabRuns {
  private open: { readonly run: string; readonly classifier: RunClassifier; names: string } | undefined

  constructor(
    private readonly store: FileStore,
    private readonly pictures: TabPictures,
    /** Loads a model, or gives the one that is loaded. */
    private readonly model: (name: string, onProgress?: (news: TrainingNews) => void) => Promise<Model>,
  ) {}

  folder = (run: string): FileStore => folderOf(this.store, `${RUNS}/${run}`)

  async list(): Promise<RunSummary[]> {
    const names = new Set(
      (await this.store.list()).flatMap((path) => {
        const [top, run] = path.split('/')
        return top === RUNS && run !== undefined ? run : []
      }),
    )
    const runs = await Promise.all([...names].map((name) => this.summary(name)))
    return runs.filter((run) => run !== undefined).sort((a, b) => b.begun.localeCompare(a.begun))
  }

  private async summary(name: string): Promise<RunSummary | undefined> {
    const folder = this.folder(name)
    const config = await readRunConfig(folder).catch(() => undefined)
    if (!config) return undefined
    const files = await folder.list()
    const begun = (await folder.read(runFiles.config)) as File | Blob | undefined
    const finished = files.includes(runFiles.prompts)
    const report = finished ? await this.report(name).catch(() => undefined) : undefined
    const epochs = files.map((file) => epochOfCheckpoint(file.split('/').at(-1)!) ?? 0)
    return {
      name,
      begun: new Date(begun instanceof File ? begun.lastModified : Date.now()).toISOString(),
      model: config.model.name,
      method: config.settings.method,
      classNames: config.data.classNames,
      finished,
      done: Math.max(0, ...epochs),
      epochs: config.settings.epochs,
      accuracy: report ? accuracyOf(report) : null,
    }
  }

  async newName(): Promise<string> {
    const taken = (await this.list()).map(({ name }) => Number(/^run-(\d+)$/.exec(name)?.[1] ?? 0))
    return `run-${Math.max(0, ...taken) + 1}`
  }

  /** Trains, or goes on, and checks the result on all pictures; tells what happens. */
  async train(
    run: string,
    choice: Pick<TrainChoice, 'model' | 'pace' | 'shots' | 'epochs'> | undefined,
    { tell, signal }: { readonly tell: (news: TrainingNews) => void; readonly signal: AbortSignal },
  ): Promise<void> {
    const out = this.folder(run)
    const begun = choice === undefined ? await readRunConfig(out) : undefined
    const name = choice?.model ?? begun?.model.name
    if (name === undefined) throw new UserError(`${run} holds no training to go on with.`)
    const data = await this.pictures.dataset()
    const model = await this.model(name, tell)
    signal.throwIfAborted()
    const settings: SettingsInput = begun?.settings ?? settingsOf(choice!)
    const training = trainRun({
      ...settings,
      model,
      data,
      out,
      resume: begun !== undefined,
      skipBadImages: true,
      signal,
    })
    const learned = await followTraining(training, { tell, log: () => readLog(out) })
    const finished = { prompts: learned, model }
    const prompts = await promptsHash(out)
    const { report, apart } = await measureProject({
      run: finished,
      dataset: data,
      settings: (await readRunConfig(out))!.settings,
      classIds: data.folders,
      refOf({ source }) {
        const [classId, name] = source.split('/') as [string, string]
        return { classId, name }
      },
      prompts,
      signal,
      onProgress: (done, total) => tell({ type: 'measure', done, total }),
    })
    if (apart) {
      await out.write(
        runFiles.noneOfThese,
        heldOutFiguresText(prompts, await heldOutFigures(finished, apart, 'val')),
      )
    }
    await out.write(REPORT, `${JSON.stringify(report)}\n`)
    await this.close()
  }

  async report(run: string): Promise<StudioReport> {
    const folder = this.folder(run)
    const text = await readText(folder, REPORT)
    const report = text === undefined ? undefined : (JSON.parse(text) as StudioReport)
    if (report && report.prompts === (await promptsHash(folder))) return report
    throw new UserError('This training was not checked on the pictures of the project.', {
      hint: 'It can be tried and taken away as it is.',
    })
  }

  /** A finished run with its model. */
  async load(run: string): Promise<LoadedRun> {
    const folder = this.folder(run)
    const config = await readRunConfig(folder)
    if (!config) throw new UserError(`There is no run “${run}”.`)
    return loadRun(folder, await this.model(config.model.name))
  }

  async classify(run: string, picture: Blob, addClasses: readonly string[]): Promise<StudioAnswer> {
    const names = addClasses.join('\n')
    if (this.open?.run !== run) {
      await this.close()
      this.open = { run, classifier: await runClassifier(await this.load(run), { addClasses }), names }
    } else if (this.open.names !== names) {
      await this.open.classifier.setClasses({ addClasses })
      this.open.names = names
    }
    const { classifier } = this.open
    const { kind, classes } = await classifier.classify(picture)
    const canReject = classifier.threshold !== undefined
    return { answer: kind === 'none' ? null : classes[0]!.className, classes, canReject }
  }

  private async close(): Promise<void> {
    const { open } = this
    this.open = undefined
    await open?.classifier.release()
  }
}

async function promptsHash(folder: FileStore): Promise<string> {
  const prompts = await folder.read(runFiles.prompts)
  return prompts ? sha256([new Uint8Array(await prompts.arrayBuffer())]) : ''
}
