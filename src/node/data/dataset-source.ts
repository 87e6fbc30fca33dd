import type { Dataset } from '../../core/data/dataset.js'
import { ConfigError } from '../../core/errors.js'
import { nearestNames } from '../../core/suggest.js'

/** Where a published data set was read from: the split that results were published on, or what its makers wrote. */
export type Annotations = 'split file' | 'original annotations'

/** A published data set that was opened. */
export interface SourceDataset extends Dataset {
  readonly annotations: Annotations
}

/** A file or folder that a reader looks for. */
export interface SourceFile {
  /** Relative to the data set's folder, with slashes. */
  readonly path: string
  readonly kind: 'file' | 'folder'
  /**
   * `always`; or only `without split file`: the makers' annotations that a split file stands in for; or `never`: used
   * where present.
   */
  readonly needed: 'always' | 'without split file' | 'never'
  /** Another place where the reader looks for it. */
  readonly orAt?: string
  /** What it holds, in a few words. */
  readonly what: string
  /** Address of the page or archive that has it. */
  readonly from?: string
}

/** What a reader of a published data set is told. */
export interface OpenContext {
  /** The folder that holds the data sets' folders. */
  readonly root: string
  /** Where listings of large folders are kept between runs; see `listClassFolders`. */
  readonly indexFolder?: string | undefined
  /** Class folders read so far, while many are read for the first time. */
  readonly onScan?: ((read: number, total: number) => void) | undefined
  readonly signal?: AbortSignal | undefined
}

/** A published data set in the folder layout of the CoOp and PromptSRC repositories. */
export interface DatasetSource {
  /** As the reference writes it: `OxfordPets`. */
  readonly name: string
  /** The reference's name of its configuration file: `oxford_pets`. */
  readonly alias: string
  /** What else it is called in papers: `Flowers102`. */
  readonly otherNames?: readonly string[]
  /** As people write it: `Oxford-IIIT Pets`. */
  readonly title: string
  /** Below the root: `oxford_pets`. */
  readonly folder: string
  /** Template of the zero-shot baseline. */
  readonly template: string
  /** Address of the makers' page. */
  readonly home: string
  /** What the published results were computed on (CoOp, table of data sets); with the split file where there is one. */
  readonly counts: {
    readonly classes: number
    readonly train: number
    readonly val: number
    readonly test: number
  }
  /** There is nothing to train on. */
  readonly testOnly?: boolean
  /** What the reader looks for, relative to `folder`. */
  readonly files: readonly SourceFile[]
  /**
   * Reads the annotations; images are decoded when they are loaded.
   *
   * @throws DataError when a needed file is missing or an annotation cannot be used
   */
  open(context: OpenContext): Promise<SourceDataset>
}

/**
 * The data set of a name, alias or other name; undefined where there is none. Upper and lower case, hyphens and
 * underscores make no difference.
 */
export function findSource(sources: readonly DatasetSource[], name: string): DatasetSource | undefined {
  return sources.find((source) => namesOf(source).some((known) => plain(known) === plain(name)))
}

const namesOf = ({ name, alias, otherNames = [] }: DatasetSource) => [name, alias, ...otherNames]
const plain = (name: string) => name.toLowerCase().replaceAll(/[-_]/g, '')

/** {@link findSource}, but an unknown name throws ConfigError with the nearest ones. */
export function sourceNamed(sources: readonly DatasetSource[], name: string): DatasetSource {
  const found = findSource(sources, name)
  if (found) return found
  const near = nearestNames(name, sources.flatMap(namesOf))
  throw new ConfigError(`unknown data set "${name}"`, {
    hint:
      near.length > 0
        ? `Did you mean ${near.join(' or ')}?`
        : `There are ${sources.map((source) => source.name).join(', ')}.`,
  })
}
