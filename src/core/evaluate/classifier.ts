import type { Clip } from '../clip/clip.js'
import {
  type ClassFeaturesKey,
  classFeatures,
  type OnProgress,
  type TextFeatureCache,
} from '../clip/text-features.js'
import {
  bytesOf,
  encodeGraph,
  GraphError,
  type HostTensor,
  input,
  l2Normalize,
  sizeOf,
} from '../graph/index.js'
import type { Preprocessing } from '../image/preprocess.js'
import type { ClassHead, ConfiguredMethod } from '../methods/method.js'
import { shapeOf } from '../methods/parameter-shape.js'
import { frozenFeatures, withLogits } from '../methods/prompted-features.js'
import { withLearnedWeights } from '../methods/registry.js'
import { joined } from '../rows.js'
import { disposable, type Runtime, type Session } from '../runtime/session.js'
import type { Tensors } from '../train/optimizer.js'
import { TEACHER } from '../train/step-graph.js'
import type { EvaluationCaches } from './feature-batches.js'
import { type FrozenImageTower, frozenImageTower, IMAGE_BATCH } from './frozen-image-tower.js'

/** Assigns logits to images over a list of classes. */
export interface Classifier extends AsyncDisposable {
  readonly classNames: readonly string[]
  /** Images of one run; fewer are padded. */
  readonly batchSize: number
  /** Side of the model's square input, in pixels. */
  readonly preprocessing: Preprocessing
  /** Weights of the classes, [classes, embedDim]; undefined where each image has its own. */
  readonly textFeatures: Float32Array | undefined
  /**
   * @param images normalised pixels, [n, 3, R, R], of clips [n, 3 frames, R, R]; more than the batch size are computed in parts
   * @returns logits [n, classes] and L2-normalised image features [n, embedDim]
   * @throws GraphError for values that are no whole number of images
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
  /** Frees it, as `await using` does. */
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

/** A configured method with what it learned. */
export interface Learned {
  readonly method: ConfiguredMethod
  readonly parameters: Tensors
}

/**
 * The classifier of what a method learned. The classes need not be those that were trained.
 *
 * @throws ConfigError where the method cannot know the classes, as with class-specific contexts
 */
export async function promptedClassifier(options: ClassifierOptions, learned: Learned): Promise<Classifier> {
  const own = withOwnWeights(options, learned)
  const { head, feeds, text } = await learnedHead(own.options, own.learned)
  return headClassifier(own.options, head, feeds, text)
}

/**
 * What a method learned, and options with the CLIP that has the weights it trained; the same as given where it trained none
 * of these. Of a model that no cache knows only what does not depend on weights is kept.
 */
export function withOwnWeights<O extends Omit<ClassifierOptions, 'classNames'>>(
  options: O,
  { method, parameters }: Learned,
): { readonly options: O; readonly learned: Learned } {
  const trained = withLearnedWeights(method, parameters)
  if (trained === method) return { options, learned: { method, parameters } }
  const { caches } = options
  return {
    options: { ...options, clip: trained.clip, caches: caches && { pixels: caches.pixels } },
    learned: { method: trained, parameters },
  }
}

/** A head, the values of its inputs beside images, and the class weights where all images have the same. */
export interface FedHead {
  readonly head: ClassHead
  readonly feeds: Readonly<Record<string, HostTensor>>
  /** [classes, embedDim] */
  readonly text: Float32Array | undefined
}

/** The head of what was learned for class names, with what it is fed. */
export async function learnedHead(options: ClassifierOptions, learned: Learned): Promise<FedHead> {
  const head = learned.method.head(options.classNames)
  const feeds = feedsOf(learned)
  const text = await classWeights(options, head, feeds, { learned })
  const derived = head.derive?.(learned.parameters, text ?? new Float32Array(0))
  return { head, feeds: { ...feeds, ...derived }, text }
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
  const { clip } = options
  const head: ClassHead = {
    text: templates,
    features: frozenFeatures(clip),
    classify: (features, _values, text) => withLogits(clip, text!, l2Normalize(features)),
  }
  return headClassifier(options, head, {}, await classWeights(options, head, {}, { onProgress }))
}

/** What was learned, as a graph is fed it. */
export const feedsOf = ({ method, parameters }: Learned): Record<string, HostTensor> =>
  Object.fromEntries(
    method.parameters.map((spec) => {
      const data = parameters.get(spec.name)!
      return [spec.name, { shape: shapeOf(spec, data.length), data }]
    }),
  )

/** Weights of the classes, [classes, embedDim], where they are the same for all images. */
async function classWeights(
  { clip, runtime, classNames, caches }: ClassifierOptions,
  { text, teacher }: ClassHead,
  feeds: Readonly<Record<string, HostTensor>>,
  { learned, onProgress }: { readonly learned?: Learned; readonly onProgress?: OnProgress | undefined },
): Promise<Float32Array | undefined> {
  if (!text) return undefined
  if (typeof text !== 'function') {
    const texts = { templates: text, combination: 'mean of normalised, normalised' } as const
    return classFeatures(clip, runtime, classNames, texts, { cache: caches?.text, onProgress })
  }
  const shape = [classNames.length, clip.config.embedDim]
  const frozen = teacher && {
    [TEACHER]: {
      shape,
      data: await classFeatures(clip, runtime, classNames, teacher, { cache: caches?.text, onProgress }),
    },
  }
  const compute = async () => {
    const weights = text(symbolsOf(feeds), frozen && l2Normalize(input(TEACHER, shape)))
    const session = await runtime.compile(await encodeGraph({ text: weights }))
    const outputs = await session.run({ ...feeds, ...frozen }).finally(() => session.release())
    return outputs.text!.data
  }
  if (!caches?.text || !learned) return compute()
  return caches.text({ ...keyOf(learned), classNames, templates: [] }, compute)
}

/** Tells what was learned, and how, from anything else. */
function keyOf({ method, parameters }: Learned): Pick<ClassFeaturesKey, 'combination' | 'learned'> {
  const names = [...parameters.keys()].sort()
  return {
    combination: 'learned',
    learned: {
      settings: JSON.stringify([method.method.name, method.options, method.classNames, names]),
      values: names.map((name) => bytesOf(parameters.get(name)!)),
    },
  }
}

/** Inputs in the shapes of values. */
function symbolsOf(feeds: Readonly<Record<string, HostTensor>>) {
  const symbols = new Map(Object.entries(feeds).map(([name, { shape }]) => [name, input(name, shape)]))
  return (name: string) => symbols.get(name)!
}

async function headClassifier(
  options: ClassifierOptions,
  head: ClassHead,
  feeds: Readonly<Record<string, HostTensor>>,
  text: Float32Array | undefined,
): Promise<Classifier> {
  const { clip, runtime, classNames, caches } = options
  const { imageTower, preprocessing } = clip
  const batchSize = options.batchSize ?? Math.min(BATCH, head.batchSize ?? BATCH)
  const shared = { classNames, preprocessing, batchSize, textFeatures: text, caches }
  const { features } = head
  const each = features ? [features.width] : imageTower.inputs
  const compiled = await compileHead({ ...options, batchSize }, { head, feeds, text }, each)
  const perImage = sizeOf(imageTower.inputs)
  if (!features) {
    return disposable({
      ...shared,
      classify: (images: Float32Array) => inParts(images, perImage, batchSize, compiled.run),
      release: compiled.release,
    })
  }
  // Where each image has its own texts, the tower needs no smaller batches.
  const tower = frozenImageTower(clip, runtime, options.batchSize ?? BATCH, features)
  const classify = (values: Float32Array) => inParts(values, features.width, batchSize, compiled.run)
  return disposable({
    ...shared,
    classify: (images: Float32Array) =>
      inParts(images, perImage, tower.batchSize, async (part) => classify(await tower.features(part))),
    frozen: { tower, classify },
    async release() {
      await Promise.all([tower.release(), compiled.release()])
    },
  })
}

/** What leads to the logits, compiled: from images of the given shape, or from their features. */
export async function compileHead(
  { clip, runtime, classNames, batchSize }: ClassifierOptions & { readonly batchSize: number },
  { head, feeds, text }: FedHead,
  each: readonly number[],
) {
  const { embedDim } = clip.config
  const shape = [batchSize, ...each]
  const textShape = [classNames.length, embedDim]
  const { image, logits } = head.classify(
    input('images', shape),
    symbolsOf(feeds),
    text && input('text', textShape),
  )
  const session: Session = await runtime.compile(await encodeGraph({ image, logits }))
  const size = sizeOf(each)
  return {
    async run(values: Float32Array): Promise<Classified> {
      const n = values.length / size
      const padded = n === batchSize ? values : new Float32Array(batchSize * size)
      if (n < batchSize) padded.set(values)
      const outputs = await session.run({
        ...feeds,
        ...(text ? { text: { shape: textShape, data: text } } : {}),
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

/** Classifies any number of images of so many values each, at most so many at a time. */
async function inParts(
  values: Float32Array,
  each: number,
  most: number,
  classify: (part: Float32Array) => Promise<Classified>,
): Promise<Classified> {
  if (values.length % each !== 0) {
    throw new GraphError(`${values.length} values are no whole number of images, of ${each} values each`)
  }
  const size = most * each
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
