import { limiter } from '../core/data/ahead.js'
import { testPixels } from '../core/data/loader.js'
import { withAddedClasses } from '../core/evaluate/added-classes.js'
import type { Run } from '../core/evaluate/create-classifier.js'
import type { Rejection } from '../core/evaluate/none-of-these.js'
import {
  type ClassLogits,
  type ImageEncoder,
  type OpenClassifier,
  openClassifier,
} from '../core/evaluate/open-classifier.js'
import { answerOf, type Prediction } from '../core/evaluate/predict.js'
import type { Exif } from '../core/image/orientation.js'
import { inputLength, normalize } from '../core/image/preprocess.js'
import { decodeImage } from '../node/data/decode.js'
import { Batcher } from './batcher.js'
import { ClassLists } from './class-lists.js'
import type { ClassifyRequest } from './read-request.js'

/** Options of {@link ClassifyService.open}. */
export interface ServiceOptions {
  /** Classes beside those that were trained. */
  readonly addClasses?: readonly string[]
  /** When the answer is "none of these", by the number of classes to choose from; undefined: never. */
  readonly rejection?: (classes: number) => Rejection | undefined
  /** Divisor of the logits for calibrated probabilities. */
  readonly temperature?: number | undefined
  /** Images computed together. Default: 16. */
  readonly batchSize?: number
  /** Images decoded side by side. Default: 4. */
  readonly jobs?: number
  /** Width times height of the largest image. Default: 50 million. */
  readonly maxPixels?: number
  /** Whether photos are turned as the camera notes. Default: apply, as for photos of one's own everywhere. */
  readonly exif?: Exif
  /** Lists of classes held ready. Default: 32. */
  readonly classLists?: number
  /** Told of every run of the model. */
  readonly onBatch?: (images: number) => void
}

/** What is answered: as `promptsrc predict --json`, and the answer in a word. */
export interface ClassifyAnswer extends Omit<Prediction, 'image'> {
  /** The likeliest class; null where it is none of them. */
  readonly answer: string | null
  readonly threshold?: number
}

/** The signal of a request that nobody takes back. */
const never = new AbortController().signal

interface Asked {
  /** size x size x 3 bytes. */
  readonly pixels: Uint8Array
  readonly classes: ClassLogits
}

/** A run that answers requests, those of the same moment together. */
export class ClassifyService {
  private readonly batcher: Batcher<Asked, Float32Array>
  private readonly lists: ClassLists
  private readonly decoding: <T>(task: () => Promise<T>) => Promise<T>
  /** Why the last run of the model failed. */
  private broken: string | undefined

  private constructor(
    /** Classes that are chosen from unless a request says otherwise. */
    readonly classNames: readonly string[],
    private readonly open: OpenClassifier,
    private readonly encoders: Encoders,
    private readonly options: ServiceOptions,
  ) {
    const { batchSize } = encoders.whole
    // One place more: the run's own classes stay.
    this.lists = new ClassLists((names) => open.classes(names, batchSize), 1 + (options.classLists ?? 32))
    this.batcher = new Batcher((asked) => this.compute(asked), batchSize)
    this.decoding = limiter(options.jobs ?? 4)
  }

  /**
   * Makes a run ready, so that the first request takes no longer than the others. The run is not closed by it.
   *
   * @throws ConfigError for an added class that is there already
   */
  static async open(run: Run, options: ServiceOptions = {}): Promise<ClassifyService> {
    const { batchSize = 16, addClasses = [] } = options
    const open = openClassifier(run)
    const encoders = await timedEncoders(open, batchSize)
    const classNames = withAddedClasses(run.prompts.classNames, addClasses)
    const service = new ClassifyService(classNames, open, encoders, options)
    await service.lists.use(classNames, async () => {})
    return service
  }

  /** Why the last run of the model failed; undefined where it did not. */
  get fault(): string | undefined {
    return this.broken
  }

  get waiting(): number {
    return this.batcher.waiting
  }

  get classLists(): number {
    return this.lists.size
  }

  /**
   * Classifies an image.
   *
   * @param signal takes the request back as long as it is not at work
   * @throws ImageError for an image that cannot be read; ConfigError, DataError for class names that cannot be had; Refusal
   *   where too many lists of classes are asked about at a time
   */
  async classify(
    { image, classes, addClasses = [], top = 5 }: ClassifyRequest,
    signal?: AbortSignal,
  ): Promise<ClassifyAnswer> {
    const names = withAddedClasses(classes ? withAddedClasses([], classes) : this.classNames, addClasses)
    return this.lists.use(names, async (list) => {
      const pixels = await this.decoding(() => this.pixelsOf(image, signal))
      const logits = await this.batcher.submit({ pixels, classes: list }, signal)
      const rejection = this.options.rejection?.(names.length)
      const { temperature } = this.options
      const answer = answerOf(logits, list.classNames, { top, rejection, temperature })
      return {
        answer: answer.accepted === false ? null : answer.classes[0]!.className,
        ...answer,
        ...(rejection ? { threshold: rejection.threshold } : {}),
      }
    })
  }

  /** Frees what it made; no request may be at work. */
  async release(): Promise<void> {
    await this.lists.release()
    const { single, whole } = this.encoders
    for (const encoder of new Set([single, whole])) await encoder.release()
  }

  private async pixelsOf(image: Uint8Array, signal: AbortSignal | undefined): Promise<Uint8Array> {
    signal?.throwIfAborted()
    const { maxPixels = 50e6, exif = 'apply' } = this.options
    const load = () => decodeImage(image, { maxPixels, exif, deepGrey: 'scale' })
    const { preprocessing } = this.open
    return testPixels({ preprocessing }, { source: 'image', load }, signal ?? never)
  }

  /** What images are encoded as: one by one, or as a batch, whichever is faster for so many. */
  private async encode(input: Float32Array, n: number): Promise<Float32Array> {
    const { single, whole, worth } = this.encoders
    if (n > worth) return whole.encode(input)
    const { width } = this.open
    const encoded = new Float32Array(n * width)
    for (let i = 0; i < n; i++) {
      const one = input.subarray((i * input.length) / n, ((i + 1) * input.length) / n)
      encoded.set(await single.encode(one), i * width)
    }
    return encoded
  }

  /** Encodes images together, then asks each list of classes about its own: logits [classes] of every image. */
  private async compute(asked: readonly Asked[]): Promise<Float32Array[]> {
    const { preprocessing, width } = this.open
    const perImage = inputLength(preprocessing)
    const input = new Float32Array(asked.length * perImage)
    for (const [row, { pixels }] of asked.entries()) normalize(pixels, preprocessing, input, row * perImage)
    try {
      const encoded = await this.encode(input, asked.length)
      this.options.onBatch?.(asked.length)
      const results: Float32Array[] = []
      for (const list of new Set(asked.map(({ classes }) => classes))) {
        const rows = [...asked.keys()].filter((row) => asked[row]!.classes === list)
        const own = new Float32Array(rows.length * width)
        for (const [i, row] of rows.entries())
          own.set(encoded.subarray(row * width, (row + 1) * width), i * width)
        const logits = await list.logits(own)
        const count = list.classNames.length
        for (const [i, row] of rows.entries()) results[row] = logits.slice(i * count, (i + 1) * count)
      }
      this.broken = undefined
      return results
    } catch (error) {
      this.broken = (error as Error).message
      throw error
    }
  }
}

/** For one image, and for a whole batch. */
interface Encoders {
  readonly single: ImageEncoder
  readonly whole: ImageEncoder
  /** The most images that take less time one by one than as a batch, which is always computed whole. */
  readonly worth: number
}

async function timedEncoders(open: OpenClassifier, batchSize: number): Promise<Encoders> {
  const whole = await open.encoder(batchSize)
  if (batchSize === 1) return { single: whole, whole, worth: 1 }
  const single = await open.encoder(1)
  const image = new Float32Array(inputLength(open.preprocessing))
  // The least of three: other work on the machine only ever adds.
  const timeOf = async ({ encode }: ImageEncoder) => {
    let least = Number.POSITIVE_INFINITY
    for (let i = 0; i < 3; i++) {
      const start = performance.now()
      await encode(image)
      least = Math.min(least, performance.now() - start)
    }
    return least
  }
  const [one, all] = [await timeOf(single), await timeOf(whole)]
  return { single, whole, worth: Math.max(1, Math.floor(all / one)) }
}
