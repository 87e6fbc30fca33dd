import type { ClassSelection } from '../../core/data/base-novel.js'
import type { Protocol } from '../plans/protocol.js'

/**
 * What is measured of a method on a data set: among all classes, or among base and novel ones, with their harmonic
 * mean; `OfAll`: on images of base and of novel classes, among the classes of both.
 */
export type Quantity = 'accuracy' | 'base' | 'novel' | 'hm' | 'baseOfAll' | 'novelOfAll' | 'hmOfAll'

/** One accuracy that was measured: the atom of every table. */
export interface Observation {
  readonly protocol: Protocol
  /** Row: `promptsrc`, `zero-shot`, or the label of a variant. */
  readonly method: string
  /** Data set that was measured; of an emoji set without its draw. */
  readonly dataset: string
  /** Data set that was trained on; the measured one except across data sets and domains. */
  readonly source: string
  readonly classes: ClassSelection
  /** Where images of base or novel classes were classified among the classes of both. */
  readonly among?: 'all'
  /** Images a class; null where nothing was trained. */
  readonly shots: number | null
  /** Null where no seed matters. */
  readonly seed: number | null
  /** Which draw of the data sets it was, where their names say one: other classes, drawings and scenes. */
  readonly draw?: number
  /** In percent. */
  readonly accuracy: number
  readonly macroF1?: number
  /** Of the run: a folder of ours, or a log file of the Python reference. */
  readonly from: string
}
