import type { Protocol } from '../plans/protocol.js'
import type { Quantity } from './observation.js'

/** What a table's means, spreads and intervals are over. */
export type Replicates = 'seeds' | 'draws'

/** A number in a table: a mean over seeds or draws, or one that the paper prints. */
export interface Figure {
  /** Null for the average over data sets. */
  readonly dataset: string | null
  readonly quantity: Quantity
  /** In percent. */
  readonly mean: number
  /** Sample standard deviation over seeds or draws; null where there are not several. */
  readonly std: number | null
  /** 95 % confidence interval of the mean by Student’s t; null where there are not several. */
  readonly interval: readonly [low: number, high: number] | null
  /**
   * What the mean is of, by seed, or by draw, each the mean over its seeds; of an average, those that all of its data sets
   * have. Empty for printed numbers.
   */
  readonly runs: readonly Replicate[]
  /** What the mean lacks: seeds or draws that the row has elsewhere, and, of an average, data sets that the table has. */
  readonly missing: readonly Lack[]
  /** What the paper prints for the same; null where it prints nothing, or where something is missing. */
  readonly paper: number | null
}

/** One of the values that a mean is of. */
export interface Replicate {
  /** Null where no seed matters, and where the value is a draw's. */
  readonly seed: number | null
  readonly draw?: number
  readonly value: number
}

/** A run that a mean lacks; without a seed and a draw, a whole data set. */
export interface Lack {
  readonly dataset: string
  readonly seed: number | null
  readonly draw?: number
}

/** Whether what is lacking is all of a data set. */
export const lacksDataset = ({ seed, draw }: Lack): boolean => seed === null && draw === undefined

/** A method's figures. */
export interface ResultRow {
  readonly origin: 'measured' | 'paper'
  readonly method: string
  /** For readers. */
  readonly title: string
  /** Images a class; null where nothing was trained. */
  readonly shots: number | null
  /** Seeds of which any figure was measured. */
  readonly seeds: readonly number[]
  /** Draws of which any was measured; none where the table is over seeds. */
  readonly draws: readonly number[]
  readonly figures: readonly Figure[]
  /** The paper's table. */
  readonly printedIn: string | null
  /** Whether the average of a printed row is not the printed one, but that of the data sets in this table. */
  readonly averageOfShown: boolean
}

/** All figures of a protocol; across data sets and domains, those of one source. */
export interface ResultTable {
  readonly protocol: Protocol
  /** What was trained on, where that is one data set for all. */
  readonly source: string | null
  /** Data sets that averages are over, in the paper's order: those that were measured, without the source. */
  readonly datasets: readonly string[]
  readonly quantities: readonly Quantity[]
  /** Draws where there are several, else seeds: the seeds of a draw share its pictures. */
  readonly over: Replicates
  /** By method in the paper's order, then shots; what the paper prints follows what was measured. */
  readonly rows: readonly ResultRow[]
}

/** A row's figure for a data set, or for the average; undefined where there is none. */
export const figureOf = (
  { figures }: ResultRow,
  dataset: string | null,
  quantity: Quantity,
): Figure | undefined => figures.find((figure) => figure.dataset === dataset && figure.quantity === quantity)

/** What a row's figure is beyond the paper's; null where they are not of the same. */
export const differenceOf = ({ mean, paper }: Figure): number | null => (paper === null ? null : mean - paper)
