import type { Exif } from '../image/orientation.js'
import type { RgbImage } from '../image/resize.js'

/** One labelled image. `load` decodes it; `source` (a path, or a name for drawn images) is for messages and keys. */
export interface Datum {
  readonly source: string
  /** Index into the data set's `classNames`. */
  readonly label: number
  /** A method: taken out of its image it does not work. */
  load(): Promise<RgbImage>
  /** The image as a file holds it, by whose content things are cached; absent for drawn images. */
  readonly file?: ImageFile | undefined
  /** Its frames, where it is a clip; `load` then gives the middle one. */
  readonly clip?: FrameSource | undefined
}

/** The frames of a clip. */
export interface FrameSource {
  /** How many there are, 1 or more. Throws ImageError where it cannot be read. */
  count(): Promise<number>
  /**
   * @param places of frames, from 0, in rising order; one may come again
   * @throws ImageError where it is damaged
   */
  load(places: readonly number[]): Promise<readonly RgbImage[]>
}

/** An encoded image in two steps. */
export interface ImageFile {
  /** What decoding depends on beside the bytes; absent where it is that of the reference. */
  readonly reading?: string
  /** Throws DataError when it cannot be read. */
  read(): Promise<Uint8Array>
  /** Throws DataError when it is damaged. */
  decode(bytes: Uint8Array): Promise<RgbImage>
}

/** Something about a data set that may not be meant, but does not stop the work. */
export interface DataWarning {
  readonly kind:
    | 'ignored'
    | 'duplicate'
    | 'no-training-images'
    | 'no-test-images'
    | 'own-split'
    | 'class-count'
    | 'val-as-test'
    | 'unusual'
  readonly message: string
}

/** What was written about classes, for methods that learn from texts. */
export interface Descriptions {
  /** Where they are from, for messages. */
  readonly source: string
  /** Sentences about each class, in the order of the classes; of a class that nothing was written about none. */
  readonly sentences: readonly (readonly string[])[]
}

/** A part of a data set. */
export type Part = 'train' | 'val' | 'test'

/** A labelled image set with its splits. Class names are as a person reads them (spaces, not underscores). */
export interface Dataset {
  readonly name: string
  readonly classNames: readonly string[]
  /** How many of the first classes are base ones, the others novel, where the data set says; else half of those it trains. */
  readonly baseClasses?: number | undefined
  readonly train: readonly Datum[]
  /** Empty where the source has no validation images. */
  readonly val: readonly Datum[]
  readonly test: readonly Datum[]
  /** Sentences about its classes, where there are any. */
  readonly descriptions?: Descriptions | undefined
  /** Of the zero-shot baseline, with `{}` for the class name, where the set has one of its own. */
  readonly template?: string | undefined
  readonly warnings?: readonly DataWarning[] | undefined
  /** Whether the EXIF orientation of its photos is applied; absent where its images are drawn, or nothing says. */
  readonly exif?: Exif | undefined
  /**
   * Identity of the lists of a published data set, known without a look at the files. Only of the whole set: selections
   * of it have none.
   */
  readonly fingerprint?: string | undefined
  /** The few-shot draw that an existing set-up has cached, which then stands in for a new one. Only of the whole set. */
  readonly cachedDraw?: ((shots: number, seed: number) => Promise<CachedDraw | undefined>) | undefined
}

/** A few-shot draw read from a file. */
export interface CachedDraw {
  readonly train: readonly Datum[]
  readonly val: readonly Datum[]
  readonly path: string
}
