import type { Clip } from '../clip/clip.js'
import { fillTemplate, readableClassName } from '../clip/templates.js'
import { encodeTexts, type OnProgress, type TextFeatureCache } from '../clip/text-features.js'
import { ConfigError } from '../errors.js'
import {
  encodeGraph,
  type HostTensor,
  input,
  l2Normalize,
  sizeOf,
  type Tensor,
  zeros,
} from '../graph/index.js'
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
import type { EvaluationCaches } from './feature-batches.js'
import { type FrozenImageTower, frozenImageTower, IMAGE_BATCH } from './frozen-image-tower.js'

/** Assigns logits to images over a list of classes. */
export interface Classifier {
  readonly classNames: readonly string[]
  /** Images of one run; fewer are padded. */
  readonly batchSize: number
  /** Side of the model's square input, in pixels. */
  readonly resolution: number
  /** Weights of the classes, [classes, embedDim]; undefined where each image has its own. */
  readonly textFeatures: Float32Array | undefined
  /**
   * @param images normalised pixels, [n, 3, R, R] with n up to the batch size
   * @returns logits [n, classes] and L2-normalised image features [n, embedDim]
   */
  classify(images: Float32Array): Promise<Classified>
  /** The image tower where it is frozen CLIP's, with what follows it: the two give what `classify` gives, bit for bit. */
  readonly frozen?: {
    readonly tower: FrozenImageTower
    /** @param features of the tower, [n, embedDim] */
    classify(features: Float32Array): Promise<Classified>
  }
  /** Where evaluations keep what they make of images. */
  readonly caches: EvaluationCaches | undefined
  release(): Promise<void>
}

/** Logits [n, classes] and L2-normalised image features [n, embedDim]. */
export interface Classified {
  readonly logits: Float32Array
  readonly features: Float32Array
}

/** What every classifier needs. */
export interface ClassifierOptions {
  readonly clip: Clip
  readonly runtime: Runtime
  readonly classNames: readonly string[]
  /** Default: 16; fewer where each image has text features of its own. */
  readonly batchSize?: number
  /** Keep what was computed for later processes. */
  readonly caches?: (EvaluationCaches & { readonly text?: TextFeatureCache }) | undefined
}

const BATCH = IMAGE_BATCH

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
  const { clip, runtime, classNames, caches } = options
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
  const common = { clip, runtime, classNames, batchSize, caches, towerBatch: options.batchSize ?? BATCH }
  if (isConditional(prompts)) return imageClassifier(common, classesFor, prompts, feeds)
  const text = await runtime.compile(
    await encodeGraph({ text: classesFor(zeros([1, clip.config.embedDim])) }),
  )
  const textFeatures = (await text.run(feeds)).text!.data
  await text.release()
  return imageClassifier(common, textFeatures, prompts, feeds)
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
  const { clip, runtime, classNames, batchSize = BATCH, caches } = options
  const compute = () => ensembleFeatures(options, templates, onProgress)
  const key = { combination: 'mean of normalised, normalised', classNames, templates }
  const textFeatures = await (caches?.text ? caches.text(key, compute) : compute())
  const common = { clip, runtime, classNames, batchSize, caches, towerBatch: batchSize }
  return imageClassifier(common, textFeatures)
}

async function ensembleFeatures(
  { clip, runtime, classNames }: ClassifierOptions,
  templates: readonly string[],
  onProgress: OnProgress | undefined,
): Promise<Float32Array> {
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
  return textFeatures
}

interface Common extends Required<Omit<ClassifierOptions, 'caches'>>, Pick<ClassifierOptions, 'caches'> {
  /** Images of one run of a frozen tower, which needs no smaller batches where each image has its own texts. */
  readonly towerBatch: number
}

/**
 * @param text L2-normalised or mean features [classes, embedDim], or how they follow from an image's features
 * @param prompts those of the image tower; default: none
 * @param feeds learned values
 */
async function imageClassifier(
  common: Common,
  text: Float32Array | ((image: Tensor) => Tensor),
  prompts?: Prompts,
  feeds: Record<string, HostTensor> = {},
): Promise<Classifier> {
  const { clip, runtime, classNames, batchSize, towerBatch, caches } = common
  const { resolution } = clip
  const shared = {
    classNames,
    batchSize,
    resolution,
    textFeatures: typeof text === 'function' ? undefined : text,
    caches,
  }
  if (prompts?.visual) {
    const pixels = [3, resolution, resolution]
    const head = await compileHead(common, text, feeds, pixels, (images) =>
      promptedImage(clip, images, prompts),
    )
    return { ...shared, classify: head.run, release: head.release }
  }
  const head = await compileHead(common, text, feeds, [clip.config.embedDim], l2Normalize)
  const tower = frozenImageTower(clip, runtime, towerBatch)
  return {
    ...shared,
    classify: async (images) => head.run(await tower.features(images)),
    frozen: { tower, classify: (features) => inParts(features, batchSize * clip.config.embedDim, head.run) },
    async release() {
      await Promise.all([tower.release(), head.release()])
    },
  }
}

/** What leads to the logits, compiled: from images of the given shape, or from their features. */
async function compileHead(
  { clip, runtime, classNames, batchSize }: Common,
  text: Float32Array | ((image: Tensor) => Tensor),
  feeds: Record<string, HostTensor>,
  each: readonly number[],
  imageFeatures: (x: Tensor) => Tensor,
) {
  const { embedDim } = clip.config
  const shape = [batchSize, ...each]
  const textShape = [classNames.length, embedDim]
  const features = imageFeatures(input('images', shape))
  const classes = typeof text === 'function' ? text(features) : input('text', textShape)
  const { image, logits } = withLogits(clip, classes, features)
  const session: Session = await runtime.compile(await encodeGraph({ image, logits }))
  const size = sizeOf(each)
  return {
    async run(values: Float32Array): Promise<Classified> {
      const n = values.length / size
      const padded = n === batchSize ? values : new Float32Array(batchSize * size)
      if (n < batchSize) padded.set(values)
      const outputs = await session.run({
        ...feeds,
        ...(typeof text === 'function' ? {} : { text: { shape: textShape, data: text } }),
        images: { shape, data: padded },
      })
      return {
        logits: outputs.logits!.data.slice(0, n * classNames.length),
        features: outputs.image!.data.slice(0, n * embedDim),
      }
    },
    release: () => session.release(),
  }
}

/** Classifies more values than one run takes. */
async function inParts(
  values: Float32Array,
  size: number,
  classify: (part: Float32Array) => Promise<Classified>,
): Promise<Classified> {
  if (values.length <= size) return classify(values)
  const parts: Classified[] = []
  for (let start = 0; start < values.length; start += size) {
    parts.push(await classify(values.subarray(start, start + size)))
  }
  return {
    logits: joined(parts.map(({ logits }) => logits)),
    features: joined(parts.map(({ features }) => features)),
  }
}

function joined(parts: readonly Float32Array[]): Float32Array {
  const all = new Float32Array(parts.reduce((sum, { length }) => sum + length, 0))
  let at = 0
  for (const part of parts) {
    all.set(part, at)
    at += part.length
  }
  return all
}

function normalized(vector: Float32Array): Float32Array {
  const norm = Math.sqrt(vector.reduce((sum, x) => sum + x * x, 0))
  return vector.map((x) => x / norm)
}
