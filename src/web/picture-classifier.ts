import type { Pictured } from '../core/data/frames.js'
import { testPixels } from '../core/data/loader.js'
import { ImageError } from '../core/errors.js'
import { withAddedClasses } from '../core/evaluate/added-classes.js'
import { conceptScores } from '../core/evaluate/none-of-these.js'
import type { ClassLogits, OpenClassifier } from '../core/evaluate/open-classifier.js'
import { mostLikely } from '../core/evaluate/predict.js'
import { type Verdict, verdictOf } from '../core/evaluate/verdict.js'
import { inputLength, normalize } from '../core/image/preprocess.js'
import type { RgbImage } from '../core/image/resize.js'
import { disposable } from '../core/runtime/session.js'
import { type DecodeOptions, decodeImage, type ImageSource } from './image.js'

/** Which classes are told apart. */
export interface ClassChoice {
  /** Classes to choose from. Default: those that were trained. */
  readonly classNames?: readonly string[]
  /** Classes beside them; they need not have been trained. */
  readonly addClasses?: readonly string[]
}

/** Says what pictures of a page show. */
export interface RunClassifier extends AsyncDisposable {
  /** The classes that it tells apart now. */
  readonly classNames: readonly string[]
  /** Below this score a picture shows none of the classes; undefined where nothing says, and no picture is refused. */
  readonly threshold: number | undefined
  /**
   * All classes by falling probability, with the verdict. Pictures are classified one after the other; of a video the frame
   * is taken that is shown when its turn comes.
   *
   * @param source a picture, or the frames of a clip in their order, of which a model of clips takes as many as it averages at
   *   equal distances, any other the middle one
   * @throws ImageError where there is no picture
   */
  classify(source: ImageSource | readonly ImageSource[], options?: DecodeOptions): Promise<Verdict>
  /** Tells other classes apart from now on; what reads images stays. Errors leave the classes as they were. */
  setClasses(options: ClassChoice): Promise<void>
  /** Frees it, as `await using` does; the model stays. */
  release(): Promise<void>
}

/** What answers, and how its answers are judged. */
export interface Answering {
  readonly open: Pick<OpenClassifier, 'preprocessing' | 'encoder' | 'classes'>
  /** Where no others are asked for. */
  readonly classNames: readonly string[]
  /** Divisor of the logits for the score, see `conceptTemperature`. */
  readonly conceptTemperature: number
  /** Divisor of the logits for calibrated probabilities. */
  readonly temperature: number | undefined
  /** The lead that an answer must have, as a probability. */
  readonly margin: number
  /** The least score of a picture of so many classes. */
  threshold(classes: number): number | undefined
}

/** A classifier of single pictures. Throws as its parts do; `answering.open` is left to the caller. */
export async function pictureClassifier(answering: Answering, names: ClassChoice): Promise<RunClassifier> {
  const { open, conceptTemperature, temperature, margin } = answering
  const classesOf = async ({ classNames = answering.classNames, addClasses = [] }: ClassChoice) => {
    const all = withAddedClasses(classNames, addClasses)
    const least = answering.threshold(all.length)
    return { ...(await open.classes(all, 1)), least }
  }
  const encoder = await open.encoder(1)
  let classes: ClassLogits & { readonly least: number | undefined } = await classesOf(names).catch(
    async (error) => {
      await encoder.release()
      throw error
    },
  )
  let turn: Promise<unknown> = Promise.resolve()
  const inTurn = <T>(call: () => Promise<T>): Promise<T> => {
    const result = turn.then(call)
    turn = result.catch(() => {})
    return result
  }
  const one = async (
    source: ImageSource | readonly ImageSource[],
    options?: DecodeOptions,
  ): Promise<Verdict> => {
    const { preprocessing } = open
    const decode = (picture: ImageSource) => decodeImage(picture, { exif: 'apply', ...options })
    const shown = isClip(source) ? clipOf(source, decode) : { source: 'picture', load: () => decode(source) }
    const pixels = await testPixels({ preprocessing }, shown, never)
    const input = new Float32Array(inputLength(preprocessing))
    normalize(pixels, preprocessing, input, 0)
    const { classNames, least = 0 } = classes
    const logits = await classes.logits(await encoder.encode(input))
    const all = mostLikely(logits, classNames, temperature)
    const score = conceptScores(logits, classNames.length, conceptTemperature)[0]!
    return {
      ...verdictOf({ classes: all, score }, { threshold: least, thresholdOf: 'score', margin }),
      classes: all,
    }
  }
  return disposable({
    get classNames() {
      return classes.classNames
    },
    get threshold() {
      return classes.least
    },
    classify: (source: ImageSource | readonly ImageSource[], options?: DecodeOptions) =>
      inTurn(() => one(source, options)),
    setClasses: (given: ClassChoice) =>
      inTurn(async () => {
        const next = await classesOf(given)
        const before = classes
        classes = next
        await before.release()
      }),
    release: () =>
      inTurn(async () => {
        await Promise.all([encoder.release(), classes.release()])
      }),
  })
}

const never = new AbortController().signal

const isClip = (source: ImageSource | readonly ImageSource[]): source is readonly ImageSource[] =>
  Array.isArray(source)

/** A clip of frames that are at hand. */
function clipOf(
  frames: readonly ImageSource[],
  decode: (picture: ImageSource) => Promise<RgbImage>,
): Pictured {
  if (frames.length === 0) throw new ImageError('a clip of no frames; expected some')
  const load = (places: readonly number[]) => Promise.all(places.map((place) => decode(frames[place]!)))
  return {
    source: 'clip',
    load: async () => (await load([Math.floor(frames.length / 2)]))[0]!,
    clip: { count: async () => frames.length, load },
  }
}
