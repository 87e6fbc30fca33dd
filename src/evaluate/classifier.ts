import type { Clip } from '../clip/clip.js'
import { fillTemplate, readableClassName } from '../clip/templates.js'
import { encodeTexts } from '../clip/text-features.js'
import { encodeGraph, type HostTensor, input, type Tensor } from '../graph/index.js'
import type { Method } from '../methods/method.js'
import { layoutClasses, promptedImage, promptedText, withLogits } from '../methods/prompted-clip.js'
import type { Runtime, Session } from '../runtime/session.js'
import type { Tensors } from '../train/optimizer.js'

/** Assigns logits to images over a list of classes. */
export interface Classifier {
  readonly classNames: readonly string[]
  /** Images of one run; fewer are padded. */
  readonly batchSize: number
  /** Text features of the classes, L2-normalised: [classes, embedDim]. */
  readonly textFeatures: Float32Array
  /**
   * @param images normalised pixels, [n, 3, R, R] with n up to the batch size
   * @returns logits [n, classes] and L2-normalised image features [n, embedDim]
   */
  classify(images: Float32Array): Promise<{ logits: Float32Array; features: Float32Array }>
  release(): Promise<void>
}

/** What every classifier needs. */
export interface ClassifierOptions {
  readonly clip: Clip
  readonly runtime: Runtime
  readonly classNames: readonly string[]
  /** Default: 16. */
  readonly batchSize?: number
}

/** A method with its options and learned values. */
export interface Learned {
  readonly method: Method
  readonly methodOptions: unknown
  readonly parameters: Tensors
}

/** The classifier of learned prompts. The classes need not be those that were trained. */
export async function promptedClassifier(options: ClassifierOptions, learned: Learned): Promise<Classifier> {
  const { clip, runtime, classNames, batchSize = 16 } = options
  const { method, methodOptions } = learned
  const specs = method.parameters(methodOptions, clip)
  const feeds: Record<string, HostTensor> = Object.fromEntries(
    specs.map(({ name, shape }) => [name, { shape, data: learned.parameters.get(name)! }]),
  )
  const symbols = new Map(specs.map(({ name, shape }) => [name, input(name, shape)]))
  const prompts = method.prompts(methodOptions, clip, (name) => symbols.get(name)!)

  const classes = await layoutClasses(clip, method.context(methodOptions), classNames)
  const text = await runtime.compile(await encodeGraph({ text: promptedText(clip, prompts, classes) }))
  const textFeatures = (await text.run(feeds)).text!.data
  await text.release()
  const image = (images: Tensor) => promptedImage(clip, images, prompts)
  return imageClassifier({ clip, runtime, classNames, batchSize }, textFeatures, image, feeds)
}

/**
 * Zero-shot CLIP: the classes' names in one template, or in several whose normalised features are averaged and
 * normalised again (CLIP paper, section 3.1.4).
 */
export async function zeroShotClassifier(
  options: ClassifierOptions,
  templates: readonly string[],
): Promise<Classifier> {
  const { clip, runtime, classNames, batchSize = 16 } = options
  const { embedDim } = clip.config
  const texts = classNames.flatMap((name) =>
    templates.map((template) => fillTemplate(template, readableClassName(name))),
  )
  const features = await encodeTexts(clip, runtime, texts)
  const textFeatures = new Float32Array(classNames.length * embedDim)
  for (let c = 0; c < classNames.length; c++) {
    const target = textFeatures.subarray(c * embedDim, (c + 1) * embedDim)
    for (let t = 0; t < templates.length; t++) {
      const start = (c * templates.length + t) * embedDim
      const unit = normalized(features.subarray(start, start + embedDim))
      for (let d = 0; d < embedDim; d++) target[d]! += unit[d]! / templates.length
    }
    target.set(normalized(target))
  }
  return imageClassifier({ clip, runtime, classNames, batchSize }, textFeatures, (images) =>
    promptedImage(clip, images),
  )
}

async function imageClassifier(
  { clip, runtime, classNames, batchSize }: Required<ClassifierOptions>,
  textFeatures: Float32Array,
  imageFeatures: (images: Tensor) => Tensor,
  feeds: Record<string, HostTensor> = {},
): Promise<Classifier> {
  const { resolution, config } = clip
  const shape = [batchSize, 3, resolution, resolution]
  const textShape = [classNames.length, config.embedDim]
  const { image, logits } = withLogits(clip, input('text', textShape), imageFeatures(input('images', shape)))
  const session: Session = await runtime.compile(await encodeGraph({ image, logits }))
  const perImage = 3 * resolution * resolution
  return {
    classNames,
    batchSize,
    textFeatures,
    async classify(images) {
      const n = images.length / perImage
      const padded = n === batchSize ? images : new Float32Array(batchSize * perImage)
      if (n < batchSize) padded.set(images)
      const outputs = await session.run({
        ...feeds,
        text: { shape: textShape, data: textFeatures },
        images: { shape, data: padded },
      })
      return {
        logits: outputs.logits!.data.slice(0, n * classNames.length),
        features: outputs.image!.data.slice(0, n * config.embedDim),
      }
    },
    release: () => session.release(),
  }
}

function normalized(vector: Float32Array): Float32Array {
  const norm = Math.sqrt(vector.reduce((sum, x) => sum + x * x, 0))
  return vector.map((x) => x / norm)
}
