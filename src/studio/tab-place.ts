import { limiter } from '../core/data/ahead.js'
import { UserError } from '../core/errors.js'
import { exportedBytes } from '../core/export/exporter.js'
import { exportClassifier } from '../core/export/exporters.js'
import type { Model } from '../core/model.js'
import { examplePictures } from '../core/studio/example.js'
import type {
  AddedPicture,
  DownloadChoice,
  ModelChoice,
  PictureRef,
  Place,
  PlaceEvents,
  Project,
  StudioAnswer,
  TrainChoice,
} from '../core/studio/place.js'
import type { StudioReport } from '../core/studio/report.js'
import { runForms } from '../core/studio/run-forms.js'
import { isBusy, TrainingFollower, type TrainingNews } from '../core/studio/training-state.js'
import { emojiArt } from '../web/emoji-art.js'
import { memoryFiles } from '../web/kept/file-store.js'
import { loadModel } from '../web/model.js'
import { zipFiles, zipRun } from '../web/run/run-archive.js'
import { webRuntime } from '../web/runtime.js'
import { TabPictures } from './tab-pictures.js'
import { TabRuns } from './tab-runs.js'
import { openTabStore, type TabStore } from './tab-store.js'

const limits = { pictureBytes: 50e6, classPictures: 1000 }

/** Longest side of a picture that is shown small, in pixels. */
const SMALL = 320

/** A model that a page is built with, as its `models.json` lists them. */
export interface BuiltModel extends Omit<ModelChoice, 'here'> {
  /** Folder of the model, below the page. */
  readonly path: string
}

/** This tab: pictures and runs are kept by the browser, and computed in the page. Nothing is sent anywhere. */
export class TabPlace implements Place {
  readonly kind = 'tab'
  private readonly pictures: TabPictures
  private readonly runs: TabRuns
  private readonly training = new TrainingFollower()
  private readonly watching = new Set<PlaceEvents>()
  private readonly oneAtATime = limiter(2)
  private readonly small = new Map<string, Promise<Blob>>()
  private stopping = new AbortController()
  private work: Promise<void> = Promise.resolve()
  private loaded: { readonly name: string; readonly model: Promise<Model> } | undefined

  private constructor(
    private readonly files: TabStore,
    private readonly built: readonly BuiltModel[],
  ) {
    this.pictures = new TabPictures(files.store, limits)
    this.runs = new TabRuns(files.store, this.pictures, (name, tell) => this.model(name, tell))
    addEventListener('beforeunload', (event) => {
      if (isBusy(this.training.state) || files.volatile !== undefined) event.preventDefault()
    })
  }

  static async open(): Promise<TabPlace> {
    const response = await fetch('models.json')
    const built = response.ok ? ((await response.json()) as BuiltModel[]) : []
    return new TabPlace(await openTabStore('studio'), built)
  }

  async project(): Promise<Project> {
    const { volatile } = this.files
    const [classes, runs] = await Promise.all([this.pictures.classes(), this.runs.list()])
    return {
      name: 'Studio',
      location: 'this browser',
      classes,
      runs,
      removed: this.pictures.removed,
      problems:
        volatile === undefined
          ? []
          : [`${volatile}. Pictures and trainings are lost when this tab is closed: download them before.`],
      limits,
    }
  }

  addClass = (name: string): Promise<string> => this.changing(this.pictures.addClass(name))
  renameClass = (classId: string, name: string): Promise<void> =>
    this.changing(this.pictures.renameClass(classId, name))
  removeClass = (classId: string): Promise<void> => this.changing(this.pictures.removeClass(classId))
  addPicture = (classId: string, picture: Blob, name: string): Promise<AddedPicture> =>
    this.changing(this.pictures.add(classId, picture, name))
  movePicture = (picture: PictureRef, to: string): Promise<PictureRef> =>
    this.changing(this.pictures.movePicture(picture, to))
  removePicture = (picture: PictureRef): Promise<void> => this.changing(this.pictures.removePicture(picture))
  undoRemoval = (): Promise<void> => this.changing(this.pictures.undoRemoval())

  async addExample(): Promise<void> {
    const there = new Map((await this.pictures.classes()).map(({ name, pictures }) => [name, pictures]))
    for (const { className, name, load } of examplePictures(emojiArt('emoji-art/'))) {
      if (!there.has(className)) {
        await this.pictures.addClass(className)
        there.set(className, [])
      }
      const { width, height, data } = await load()
      const canvas = new OffscreenCanvas(width, height)
      const pixels = new ImageData(width, height)
      for (let i = 0; i < width * height; i++) {
        pixels.data.set(data.subarray(3 * i, 3 * i + 3), 4 * i)
        pixels.data[4 * i + 3] = 255
      }
      canvas.getContext('2d')!.putImageData(pixels, 0, 0)
      await this.pictures.add(className, await canvas.convertToBlob({ type: 'image/png' }), name)
    }
    this.changed()
  }

  async pictureUrl(picture: PictureRef, size: 'small' | 'large'): Promise<string> {
    const blob = await this.pictures.read(picture)
    if (size === 'large') return URL.createObjectURL(blob)
    const key = `${picture.classId}/${picture.name} ${blob.size} ${blob instanceof File ? blob.lastModified : ''}`
    const small = this.small.get(key) ?? this.oneAtATime(() => madeSmall(blob))
    this.small.set(key, small)
    small.catch(() => this.small.delete(key))
    return URL.createObjectURL(await small)
  }

  releaseUrl = (url: string): void => URL.revokeObjectURL(url)

  models = async (): Promise<readonly ModelChoice[]> => this.built.map((model) => ({ ...model, here: true }))

  async findModel(name: string): Promise<ModelChoice> {
    throw new UserError(`There is no model ${name} beside this page.`, {
      hint: 'Choose one of those that are shown.',
    })
  }

  async train(choice: TrainChoice): Promise<void> {
    this.begin(await this.runs.newName(), choice)
  }

  async resume(run: string): Promise<void> {
    this.begin(run, undefined)
  }

  async stop(): Promise<void> {
    this.stopping.abort(new DOMException('stopped', 'AbortError'))
    await this.work
  }

  watch(events: PlaceEvents): () => void {
    this.watching.add(events)
    events.training(this.training.state)
    return () => this.watching.delete(events)
  }

  report = (run: string): Promise<StudioReport> => this.runs.report(run)
  classify = (run: string, picture: Blob, addClasses: readonly string[]): Promise<StudioAnswer> =>
    this.runs.classify(run, picture, addClasses)

  downloads = async (): Promise<readonly DownloadChoice[]> => [
    ...runForms,
    {
      format: 'project',
      title: 'The whole project',
      about: 'Pictures and trainings as a folder, which promptsrc studio opens on a computer.',
    },
  ]

  async download(run: string, format: string): Promise<void> {
    const { blob, name } = await this.packed(run, format)
    const link = document.createElement('a')
    link.href = URL.createObjectURL(blob)
    link.download = `${name}.zip`
    link.click()
    setTimeout(() => URL.revokeObjectURL(link.href), 60_000)
  }

  private async packed(run: string, format: string): Promise<{ blob: Blob; name: string }> {
    if (format === 'run') return { blob: await zipRun(this.runs.folder(run), run), name: run }
    if (format !== 'project') {
      const name = `${run}-${format}`
      const loaded = await this.runs.load(run)
      const files = await exportClassifier(loaded, format, { heldOut: loaded.heldOut })
      const contents: [string, Uint8Array][] = []
      for (const file of files) contents.push([file.path, await exportedBytes(file)])
      return {
        blob: await zipFiles(
          memoryFiles(contents),
          files.map(({ path }) => path),
          name,
        ),
        name,
      }
    }
    const { store } = this.files
    const paths = (await store.list()).filter((path) => /^(photos|runs)\//.test(path))
    return { blob: await zipFiles(store, paths, 'studio'), name: 'studio' }
  }

  private begin(run: string, choice: TrainChoice | undefined): void {
    if (isBusy(this.training.state)) {
      throw new UserError('A training is at work already.', { hint: 'Stop it, or wait until it is done.' })
    }
    this.stopping = new AbortController()
    const { signal } = this.stopping
    const tell = (news: TrainingNews) => {
      const state = this.training.take(news)
      for (const { training } of this.watching) training(state)
      if (!isBusy(state)) this.changed()
    }
    tell({ type: 'begin', run })
    this.work = this.runs.train(run, choice, { tell, signal }).then(
      () => tell({ type: 'finish' }),
      (error: Error) => {
        if (signal.aborted) return tell({ type: 'stop' })
        if (!(error instanceof UserError)) console.error(error)
        tell({
          type: 'fail',
          message: error.message,
          hint: error instanceof UserError ? error.hint : undefined,
        })
      },
    )
  }

  /** The model of a name, of which one is held at a time. */
  private model(name: string, tell?: (news: TrainingNews) => void): Promise<Model> {
    if (this.loaded?.name === name) return this.loaded.model
    const before = this.loaded?.model
    const found = this.built.find((each) => each.name === name)
    if (!found) {
      throw new UserError(`The model ${name} is not beside this page.`, {
        hint: 'Train again with one of those that are.',
      })
    }
    const load = async () => {
      await before?.then((model) => model.close()).catch(() => {})
      const runtime = webRuntime({
        worker: () => new Worker(new URL('worker.js', document.baseURI), { type: 'module' }),
        wasmPaths: 'ort/',
      })
      return loadModel(`${found.path}/`, {
        name,
        runtime,
        onProgress: ({ loaded, total }) => tell?.({ type: 'download', received: loaded, total }),
      })
    }
    const model = load()
    this.loaded = { name, model }
    model.catch(() => {
      if (this.loaded?.model === model) this.loaded = undefined
    })
    return model
  }

  private async changing<T>(change: Promise<T>): Promise<T> {
    const result = await change
    this.changed()
    return result
  }

  private changed(): void {
    for (const { changed } of this.watching) changed()
  }
}

async function madeSmall(blob: Blob): Promise<Blob> {
  const whole = await createImageBitmap(blob)
  const scale = Math.min(1, SMALL / Math.max(whole.width, whole.height))
  const canvas = new OffscreenCanvas(
    Math.max(1, Math.round(whole.width * scale)),
    Math.max(1, Math.round(whole.height * scale)),
  )
  const context = canvas.getContext('2d')!
  context.imageSmoothingQuality = 'high'
  context.drawImage(whole, 0, 0, canvas.width, canvas.height)
  whole.close()
  return canvas.convertToBlob({ type: 'image/webp', quality: 0.82 })
}
