import type { Protocol } from '../observation.js'
import { baseToNovel } from './base-to-novel.js'
import { fewShot } from './few-shot.js'
import { crossDataset, domainGeneralization } from './transfer.js'

/** What is measured of a method on a data set: among all classes, or among base and novel ones, with their harmonic mean. */
export type Quantity = 'accuracy' | 'base' | 'novel' | 'hm'

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

/** The rows that the paper prints for a protocol. */
export function paperRows(protocol: Protocol): readonly PaperRow[] {
  switch (protocol) {
    case 'base-to-novel':
      return baseToNovel
    case 'cross-dataset':
      return crossDataset
    case 'domain-generalization':
      return domainGeneralization
    case 'few-shot':
      return fewShot
  }
}
