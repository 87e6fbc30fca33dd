import type { UserError } from '../../src/core/errors.js'
import { createClassifier } from '../../src/core/evaluate/create-classifier.js'
import { predictImages } from '../../src/core/evaluate/predict.js'
import { encodeGraph, exp, input } from '../../src/core/graph/index.js'
import { methodNamed } from '../../src/core/methods/registry.js'
import { resolveSettings } from '../../src/core/train/settings.js'
import { trainPrompts } from '../../src/core/train/train-prompts.js'
import type { TrainedPrompts } from '../../src/core/train/trained-prompts.js'
import { chooseDevice } from '../../src/web/choose-device.js'
import { decodeImage } from '../../src/web/image.js'
import { loadModel } from '../../src/web/model.js'
import { imageOf, photoDataset } from '../../src/web/photos.js'
import { webRuntime } from '../../src/web/runtime.js'
import { firstSteps } from './first-steps.js'
import { exportFunctions } from './web-page-exports.js'
import { keptFunctions } from './web-page-kept.js'
import { base64, type PageOptions, pictures, runtimeOf, squares, tiny } from './web-page-parts.js'
import { runFunctions } from './web-page-runs.js'

// The script of the page that the browser's tests open; what is set on `window` they call.

const file = async (url: string): Promise<File> => {
  const response = await fetch(url)
  return new File([await response.blob()], url.split('/').at(-1)!)
}

const functions = {
  ...runFunctions,
  ...keptFunctions,
  ...exportFunctions,

  /** The first steps of a training, and how often the page had a turn meanwhile. */
  async train({ method, ...options }: PageOptions & { readonly method?: string }) {
    const model = await tiny(options)
    let turns = 0
    const timer = setInterval(() => turns++, 10)
    try {
      return { ...(await firstSteps(model, method)), hash: await model.hash(), turns }
    } finally {
      clearInterval(timer)
      await model.close()
    }
  },

  chooseDevice: ({ software = false, ...options }: PageOptions & { readonly software?: boolean }) =>
    chooseDevice({ ...runtimeOf(options), software }),

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
        unseen.map((picture) => imageOf(picture)),
      )) {
        found.push(classes[0]!.className)
      }
      await classifier.release()
      return found
    } finally {
      await model.close()
    }
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
    // 30,000 pixels a side, by its head alone.
    const huge = new File(
      [png.slice(0, 16), Uint8Array.of(0, 0, 117, 48, 0, 0, 117, 48), png.slice(24)],
      'scan.png',
    )
    const tasks: Record<string, () => Promise<unknown>> = {
      'no image': () => decodeImage(text),
      truncated: () => decodeImage(new File([png.slice(0, 200)], 'photo.png')),
      'too many pixels': () => decodeImage(png, { maxPixels: 1000 }),
      'too large to decode': () => decodeImage(huge),
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
