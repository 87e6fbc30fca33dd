import type { Quantity } from '../observation.js'

/** Accuracies in percent as printed. */
export type PaperCell = Readonly<Partial<Record<Quantity, number>>>

/** A method's figures as the PromptSRC paper prints them (arXiv 2307.06948; ViT-B/16, means over three seeds). */
export interface PaperRow {
  /** As rows of measured results are called. */
  readonly method: string
  /** Images a class; null where nothing is trained. */
  readonly shots: number | null
  /** Where the paper prints them. */
  readonly table: string
  readonly cells: Readonly<Record<string, PaperCell>>
  /** As printed, over `averaged`. */
  readonly average: PaperCell
  /** The data sets of the average: all, across data sets and domains without the source. */
  readonly averaged: readonly string[]
}
