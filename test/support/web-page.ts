import type { UserError } from '../../src/core/errors.js'
import { createClassifier } from '../../src/core/evaluate/create-classifier.js'
import { predictImages } from '../../src/core/evaluate/predict.js'
import { encodeGraph, exp, input } from '../../src/core/graph/index.js'
import { methodNamed } from '../../src/core/methods/registry.js'
import { resolveSettings } from '../../src/core/train/settings.js'
import { trainPrompts } from '../../src/core/train/train-prompts.js'
import type { TrainedPrompts } from '../../src/core/train/trained-prompts.js'
import { decodeImage } from '../../src/web/image.js'
import { copyFiles } from '../../src/web/kept/file-store.js'
import { loadModel } from '../../src/web/model.js'
import { namedPhoto, photoDataset } from '../../src/web/photos.js'
import { loadRun } from '../../src/web/run/load-run.js'
import { openRun, zipRun } from '../../src/web/run/run-archive.js'
import { keptRun, trainRun } from '../../src/web/run/train-run.js'
import { type WebRuntimeOptions, webRuntime } from '../../src/web/runtime.js'
import { firstSteps } from './first-steps.js'

// The script of the page that the browser's tests open; what is set on `window` they call.

/** How a runtime of the page is set up; functions do not cross from the test into the page. */
export interface PageOptions {
  readonly device?: 'wasm' | 'webgpu'
  readonly threads?: number
  /** Address of the worker's script. */
  readonly worker?: string
  readonly wasmPaths?: string
}

const runtimeOf = ({ worker, ...options }: PageOptions): WebRuntimeOptions => ({
  wasmPaths: '/ort/',
  ...options,
  ...(worker ? { worker: () => new Worker(worker, { type: 'module' }) } : {}),
})

const tiny = (options: PageOptions) =>
  loadModel('/tiny/', { name: 'tiny', runtime: webRuntime(runtimeOf(options)), blockBytes: 2 ** 18 })

const file = async (url: string): Promise<File> => {
  const response = await fetch(url)
  return new File([await response.blob()], url.split('/').at(-1)!)
}

async function draw(colour: string, i: number): Promise<File> {
  const canvas = new OffscreenCanvas(96 + i, 80)
  const context = canvas.getContext('2d')!
  context.fillStyle = 'white'
  context.fillRect(0, 0, canvas.width, canvas.height)
  context.fillStyle = colour
  context.fillRect(10 + 3 * i, 12 + 2 * i, 50, 44)
  return new File([await canvas.convertToBlob({ type: 'image/png' })], `${i}.png`)
}

/** Four pictures of a square. */
const pictures = (colour: string, from: number) =>
  Promise.all([0, 1, 2, 3].map((i) => draw(colour, from + i)))

/** Pictures of two classes. */
const squares = async () => ({
  'red square': await pictures('#d01818', 0),
  'blue square': await pictures('#1838d0', 0),
})

const base64 = async (blob: Blob): Promise<string> => {
  const bytes = new Uint8Array(await blob.arrayBuffer())
  return btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(''))
}

const functions = {
  /** The first steps of a training, and how often the page had a turn meanwhile. */
  async train(options: PageOptions) {
    const model = await tiny(options)
    let turns = 0
    const timer = setInterval(() => turns++, 10)
    try {
      return { ...(await firstSteps(model)), hash: await model.hash(), turns }
    } finally {
      clearInterval(timer)
      await model.close()
    }
  },

  /** exp(x) of some values. */
  async compute(options: PageOptions) {
    const runtime = webRuntime(runtimeOf(options))
    const session = await runtime.compile(await encodeGraph({ y: exp(input('x', [3])) }))
    const outputs = await session.run({ x: { shape: [3], data: Float32Array.of(0, 1, 2) } })
    await runtime.close()
    return [...outputs.y!.data]
  },

  /** Trains on pictures of two classes that are drawn here, and classifies new ones: the share of right answers. */
  async learn(options: PageOptions) {
    const model = await tiny(options)
    try {
      const photos = await squares()
      const settings = resolveSettings({ shots: 4, epochs: 3, learningRate: 0.01 }, model.clip)
      const training = trainPrompts({ model, data: photoDataset(photos), ...settings })
      let next = await training.next()
      while (!next.done) next = await training.next()
      const prompts: TrainedPrompts = {
        method: methodNamed(settings.method),
        methodOptions: settings.methodOptions,
        parameters: next.value.parameters,
        classNames: Object.keys(photos),
        model: { name: model.name, sha256: await model.hash() },
      }
      const classifier = await createClassifier({ model, prompts }, { addClasses: ['green ring'] })
      const found: string[] = []
      const unseen = [...(await pictures('#d01818', 5)), ...(await pictures('#1838d0', 5))]
      for await (const { classes } of predictImages(
        classifier,
        unseen.map((picture) => namedPhoto(picture)),
      )) {
        found.push(classes[0]!.className)
      }
      await classifier.release()
      return found
    } finally {
      await model.close()
    }
  },

  /**
   * Trains into a run that the browser keeps, two steps in each of three epochs; gives the warnings.
   *
   * @param given `holdAt`: waits for ever after so many steps, and says so in `window.held`
   */
  async trainKept(
    options: PageOptions,
    name: string,
    { holdAt, resume = false }: { readonly resume?: boolean; readonly holdAt?: number } = {},
  ) {
    const model = await tiny(options)
    try {
      const data = photoDataset(await squares())
      const settings = { shots: 4, epochs: 3, batchSize: 4, learningRate: 0.01 }
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

  /** A run that the browser keeps, to download. */
  async download(name: string) {
    return base64(await zipRun(keptRun(name), name))
  },

  /** Keeps a run that comes as an archive, and classifies a red square with it. */
  async upload(options: PageOptions, archive: string, name: string) {
    const zip = await (await fetch(`data:application/zip;base64,${archive}`)).blob()
    await copyFiles(await openRun(zip), keptRun(name))
    await using model = await tiny(options)
    const run = await loadRun(keptRun(name), model)
    await using classifier = await createClassifier(run)
    for await (const { classes } of predictImages(classifier, [namedPhoto(await draw('#d01818', 6))])) {
      return { files: await keptRun(name).list(), found: classes[0]!.className }
    }
    return undefined
  },

  /** Pixels of an image file. */
  async decode(url: string) {
    const { width, height, data } = await decodeImage(await file(url))
    return { width, height, base64: await base64(new Blob([data as Uint8Array<ArrayBuffer>])) }
  },

  /** The errors of tasks that must fail. */
  async failures() {
    const text = new File(['no image at all'], 'notes.txt')
    const png = await file('/images/grad_300x200.png')
    const tasks: Record<string, () => Promise<unknown>> = {
      'no image': () => decodeImage(text),
      truncated: () => decodeImage(new File([png.slice(0, 200)], 'photo.png')),
      'too many pixels': () => decodeImage(png, { maxPixels: 1000 }),
      'no model': () => loadModel('/nowhere/'),
      'no weights': () => loadModel({ weights: png, tokenizer: '/tiny/vocab.json' }),
      'no worker': () => this.compute({ worker: '/app/absent.js' }),
      'no wasm': () => this.compute({ worker: '/app/worker.js', wasmPaths: '/absent/' }),
      'no WebGPU': () => this.compute({ device: 'webgpu' }),
    }
    const failures: Record<string, { kind: string; message: string; hint: string | undefined }> = {}
    for (const [name, task] of Object.entries(tasks)) {
      try {
        await task()
      } catch (error) {
        const { name: kind, message, hint } = error as UserError
        failures[name] = { kind, message, hint }
      }
    }
    return failures
  },
}

export type PageFunctions = typeof functions

Object.assign(window, { page: functions })
