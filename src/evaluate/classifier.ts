import type { Clip } from '../clip/clip.js'
import { fillTemplate, readableClassName } from '../clip/templates.js'
import { encodeTexts, type OnProgress } from '../clip/text-features.js'
import { ConfigError } from '../errors.js'
import { encodeGraph, type HostTensor, input, type Tensor, zeros } from '../graph/index.js'
import type { Method, Prompts } from '../methods/method.js'
import {
  classWeights,
  isConditional,
  promptedImage,
  textFeatureSet,
  textPrompts,
  withLogits,
} from '../methods/prompted-clip.js'
import type { Runtime, Session } from '../runtime/session.js'
import type { Tensors } from '../train/optimizer.js'

/** Assigns logits to images over a list of classes. */
export interface Classifier {
  readonly classNames: readonly string[]
  /** Images of one run; fewer are padded. */
  readonly batchSize: number
  /** Weights of the classes, [classes, embedDim]; undefined where each image has its own. */
  readonly textFeatures: Float32Array | undefined
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
  /** Default: 16; fewer where each image has text features of its own. */
  readonly batchSize?: number
}

const BATCH = 16

/** Texts that are encoded at once where each image has its own. */
const CONDITIONAL_TEXTS = 2048

const conditionalBatch = (classes: number) =>
  Math.max(1, Math.min(BATCH, Math.floor(CONDITIONAL_TEXTS / classes)))

/** A method with its options and learned values. */
export interface Learned {
  readonly method: Method
  readonly methodOptions: unknown
  readonly parameters: Tensors
  /** Classes they were trained on. */
  readonly classNames: readonly string[]
}

/**
 * The classifier of learned prompts. The classes need not be those that were trained.
 *
 * @throws ConfigError where contexts are class-specific and the classes are others
 */
export async function promptedClassifier(options: ClassifierOptions, learned: Learned): Promise<Classifier> {
  const { clip, runtime, classNames } = options
  const { method, methodOptions } = learned
  const specs = method.parameters(methodOptions, clip, learned.classNames.length)
  const feeds: Record<string, HostTensor> = Object.fromEntries(
    specs.map(({ name, shape }) => [name, { shape, data: learned.parameters.get(name)! }]),
  )
  const symbols = new Map(specs.map(({ name, shape }) => [name, input(name, shape)]))
  const prompts = method.prompts(methodOptions, clip, (name) => symbols.get(name)!)
  checkClasses(prompts, learned, classNames)
  const batchSize =
    options.batchSize ?? (isConditional(prompts) ? conditionalBatch(classNames.length) : BATCH)

  const classesFor = (image: Tensor) =>
    classWeights(textFeatureSet(clip, textPrompts(prompts, image), classNames), isConditional(prompts))
  const image = (images: Tensor) => promptedImage(clip, images, prompts)
  if (isConditional(prompts)) {
    return imageClassifier({ clip, runtime, classNames, batchSize }, classesFor, image, feeds)
  }
  const text = await runtime.compile(
    await encodeGraph({ text: classesFor(zeros([1, clip.config.embedDim])) }),
  )
  const textFeatures = (await text.run(feeds)).text!.data
  await text.release()
  return imageClassifier({ clip, runtime, classNames, batchSize }, textFeatures, image, feeds)
}

/** Class-specific contexts know the trained classes alone. */
function checkClasses({ text }: Prompts, learned: Learned, classNames: readonly string[]): void {
  if (typeof text === 'function' || text.every(({ each }) => each !== 'class')) return
  if (learned.classNames.join('\n') === classNames.join('\n')) return
  const other = classNames.find((name) => !learned.classNames.includes(name))
  throw new ConfigError(
    other === undefined
      ? `the prompts have a context of its own for each of ${learned.classNames.length} classes in their order; found ${classNames.length} classes`
      : `there is no context for class "${other}": the prompts were trained with a context of its own for each class`,
    {
      hint: 'Evaluate on the trained classes, or train without classSpecific to recognise others.',
    },
  )
}

/**
 * Zero-shot CLIP: the classes' names in one template, or in several whose normalised features are averaged and
 * normalised again (CLIP paper, section 3.1.4).
 */
export async function zeroShotClassifier(
  options: ClassifierOptions,
  templates: readonly string[],
  onProgress?: OnProgress,
): Promise<Classifier> {
  const { clip, runtime, classNames, batchSize = BATCH } = options
  const { embedDim } = clip.config
  const texts = classNames.flatMap((name) =>
    templates.map((template) => fillTemplate(template, readableClassName(name))),
  )
  const features = await encodeTexts(clip, runtime, texts, onProgress)
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
  /** L2-normalised or mean features [classes, embedDim], or how they follow from an image's features. */
  text: Float32Array | ((image: Tensor) => Tensor),
  imageFeatures: (images: Tensor) => Tensor,
  feeds: Record<string, HostTensor> = {},
): Promise<Classifier> {
  const { resolution, config } = clip
  const shape = [batchSize, 3, resolution, resolution]
  const textShape = [classNames.length, config.embedDim]
  const features = imageFeatures(input('images', shape))
  const classes = typeof text === 'function' ? text(features) : input('text', textShape)
  const { image, logits } = withLogits(clip, classes, features)
  const session: Session = await runtime.compile(await encodeGraph({ image, logits }))
  const perImage = 3 * resolution * resolution
  return {
    classNames,
    batchSize,
    textFeatures: typeof text === 'function' ? undefined : text,
    async classify(images) {
      const n = images.length / perImage
      const padded = n === batchSize ? images : new Float32Array(batchSize * perImage)
      if (n < batchSize) padded.set(images)
      const outputs = await session.run({
        ...feeds,
        ...(typeof text === 'function' ? {} : { text: { shape: textShape, data: text } }),
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
