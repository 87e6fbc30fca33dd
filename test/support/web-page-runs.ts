import { createClassifier } from '../../src/core/evaluate/create-classifier.js'
import { predictImages } from '../../src/core/evaluate/predict.js'
import type { SettingsInput } from '../../src/core/train/settings.js'
import { openCamera } from '../../src/web/camera.js'
import type { ImageSource } from '../../src/web/image.js'
import { copyFiles } from '../../src/web/kept/file-store.js'
import { imageOf, photoDataset } from '../../src/web/photos.js'
import { keepHeldOut } from '../../src/web/run/keep-held-out.js'
import { keptRun, keptRuns, removeKeptRun } from '../../src/web/run/kept-runs.js'
import { loadRun } from '../../src/web/run/load-run.js'
import { openRun, zipRun } from '../../src/web/run/run-archive.js'
import { runClassifier } from '../../src/web/run/run-classifier.js'
import { trainRun } from '../../src/web/run/train-run.js'
import { base64, draw, type PageOptions, squares, tiny } from './web-page-parts.js'

/** A red square in all that a page may have a picture in. */
async function sources(): Promise<Record<string, ImageSource>> {
  const file = await draw('#d01818', 6)
  const image = new Image()
  image.src = URL.createObjectURL(file)
  const bitmap = await createImageBitmap(file)
  const { width, height } = bitmap
  const canvas = Object.assign(document.createElement('canvas'), { width, height })
  const context = canvas.getContext('2d')!
  context.drawImage(bitmap, 0, 0)
  const offscreen = new OffscreenCanvas(width, height)
  offscreen.getContext('2d')!.drawImage(bitmap, 0, 0)
  const video = document.createElement('video')
  video.muted = true
  video.srcObject = canvas.captureStream()
  await video.play()
  return {
    file,
    'image element': image,
    canvas,
    'offscreen canvas': offscreen,
    bitmap,
    pixels: context.getImageData(0, 0, width, height),
    video,
    frame: new VideoFrame(canvas, { timestamp: 0 }),
  }
}

/** The pictures of each class, from their addresses. */
async function fetchedPhotos(photos: Readonly<Record<string, readonly string[]>>) {
  const classes = Object.entries(photos).map(async ([className, paths]) => {
    const files = paths.map(async (path) => new File([await (await fetch(path)).blob()], path))
    return [className, await Promise.all(files)] as const
  })
  return Object.fromEntries(await Promise.all(classes))
}

/** What the page's tests do with runs. */
export const runFunctions = {
  /**
   * Trains into a run that the browser keeps, two steps in each of three epochs; gives the warnings.
   *
   * @param given `holdAt`: waits for ever after so many steps, and says so in `window.held`; `photos`: addresses of each
   *   class's pictures; drawn ones where there are none
   */
  async trainKept(
    options: PageOptions,
    name: string,
    {
      holdAt,
      resume = false,
      photos,
      settings = { shots: 4, epochs: 3, batchSize: 4, learningRate: 0.01 },
    }: {
      readonly resume?: boolean
      readonly holdAt?: number
      readonly photos?: Readonly<Record<string, readonly string[]>>
      readonly settings?: SettingsInput
    } = {},
  ) {
    const model = await tiny(options)
    try {
      const data = photoDataset(photos ? await fetchedPhotos(photos) : await squares())
      const warnings: string[] = []
      let steps = 0
      for await (const event of trainRun({ model, data, out: keptRun(name), ...settings, resume })) {
        if (event.type === 'warning') warnings.push(event.message)
        if (event.type !== 'step' || ++steps !== holdAt) continue
        Object.assign(window, { held: true })
        await new Promise(() => {})
      }
      return warnings
    } finally {
      await model.close()
    }
  },

  /** A file of a run that the browser keeps; undefined where there is none. */
  async keptFile(name: string, file: string) {
    const content = await keptRun(name).read(file)
    return content && base64(content)
  },

  keptRuns,
  removeKeptRun,

  /** Keeps a run that comes as an archive. */
  async keepArchive(archive: string, name: string) {
    const zip = await (await fetch(`data:application/zip;base64,${archive}`)).blob()
    await copyFiles(await openRun(zip), keptRun(name))
  },

  /** A run that the browser keeps, to download. */
  async download(name: string) {
    return base64(await zipRun(keptRun(name), name))
  },

  /** Keeps a run that comes as an archive, and classifies a red square with it. */
  async upload(options: PageOptions, archive: string, name: string) {
    await runFunctions.keepArchive(archive, name)
    await using model = await tiny(options)
    const run = await loadRun(keptRun(name), model)
    await using classifier = await createClassifier(run)
    for await (const { classes } of predictImages(classifier, [imageOf(await draw('#d01818', 6))])) {
      return { files: await keptRun(name).list(), found: classes[0]!.className }
    }
    return undefined
  },

  /** What a kept run says of the same picture in whatever a page may have it in. */
  async classifySources(options: PageOptions, name: string) {
    await using model = await tiny(options)
    await using classifier = await runClassifier(await loadRun(keptRun(name), model), {
      addClasses: ['green ring'],
    })
    const found: Record<string, { kind: string; className: string; probability: number }> = {}
    for (const [kind, source] of Object.entries(await sources())) {
      const verdict = await classifier.classify(source)
      found[kind] = { kind: verdict.kind, ...verdict.classes[0]! }
    }
    return found
  },

  /** Verdicts of a kept run on a red square and on noise, with the threshold that held-out pictures give. */
  async judge(options: PageOptions, name: string) {
    await using model = await tiny(options)
    const before = await loadRun(keptRun(name), model)
    const more = Object.fromEntries(
      await Promise.all(
        Object.entries(await squares()).map(async ([className, own]) => {
          const colour = className.startsWith('red') ? '#d01818' : '#1838d0'
          return [className, [...own, await draw(colour, 4), await draw(colour, 5)]] as const
        }),
      ),
    )
    const figures = await keepHeldOut(keptRun(name), before, photoDataset(more))
    const run = await loadRun(keptRun(name), model)
    const picture = await draw('#d01818', 6)
    await using classifier = await runClassifier(run)
    const own = await classifier.classify(picture)
    await classifier.setClasses({ classNames: ['sheep', 'aeroplane', 'tulip'] })
    const others = await classifier.classify(picture)
    await using strict = await runClassifier(run, { threshold: 1 })
    const strictly = await strict.classify(picture)
    await using doubtful = await runClassifier(run, { threshold: 0, margin: 1 })
    const doubted = await doubtful.classify(picture)
    return {
      images: figures?.images,
      kept: run.heldOut?.threshold === figures?.threshold,
      threshold: classifier.threshold !== undefined,
      own: own.classes.map(({ className }) => className),
      ownScore: own.score - figures!.threshold,
      others: others.classes.map(({ className }) => className).sort(),
      strict: strictly.kind,
      doubted: doubted.kind,
    }
  },

  /** The errors of sources without a picture. */
  async sourceFailures() {
    const broken = new Image()
    broken.src = '/absent.png'
    const bitmap = await createImageBitmap(new ImageData(2, 2))
    bitmap.close()
    const tasks: Record<string, () => Promise<unknown>> = {
      'broken image': () => imageOf(broken).load(),
      'video without a frame': () => imageOf(document.createElement('video')).load(),
      'closed bitmap': () => imageOf(bitmap, { name: 'bitmap' }).load(),
      'too many pixels': () => imageOf(new ImageData(20, 20), { maxPixels: 100 }).load(),
      camera: () => openCamera(),
    }
    const failures: Record<string, string> = {}
    for (const [name, task] of Object.entries(tasks)) {
      await task().catch((error) => {
        failures[name] = `${error.name}: ${error.message} | ${error.hint}`
      })
    }
    return failures
  },
}
