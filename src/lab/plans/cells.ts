import type { ClassSelection } from '../../core/data/base-novel.js'
import type { Protocol } from './protocol.js'

/** What one training of a protocol is, and what its prompts are measured on. Data sets by name. */
export interface Cell {
  readonly source: string
  /** Classes that are trained. */
  readonly classes: ClassSelection
  readonly shots: number
  readonly measures: readonly { readonly dataset: string; readonly classes: ClassSelection }[]
}

/** The data sets of a protocol. */
export interface ProtocolData {
  /** What is trained on, where that is one data set for all. */
  readonly source?: string | undefined
  /** Data sets that are measured; without a source, each is also what is trained on. */
  readonly datasets: readonly string[]
  /** Images a class; several numbers for few-shot curves. */
  readonly shots: readonly number[]
}

/**
 * The trainings of a protocol (PromptSRC paper, section 4):
 *
 * - base-to-novel: trained on the base classes of each data set, measured on its base and its novel classes
 * - cross-dataset and domain generalization: trained on all classes of one source, measured on it and on every target
 * - few-shot: trained on all classes of each data set with each number of shots, measured on the same classes
 */
export function cellsOf(protocol: Protocol, { source, datasets, shots }: ProtocolData): Cell[] {
  if (source !== undefined) {
    const measured = [source, ...datasets.filter((name) => name !== source)]
    const measures = measured.map((dataset) => ({ dataset, classes: 'all' as const }))
    return shots.map((k) => ({ source, classes: 'all', shots: k, measures }))
  }
  return shots.flatMap((k) =>
    datasets.map(
      (dataset): Cell =>
        protocol === 'base-to-novel'
          ? {
              source: dataset,
              classes: 'base',
              shots: k,
              measures: [
                { dataset, classes: 'base' },
                { dataset, classes: 'novel' },
              ],
            }
          : { source: dataset, classes: 'all', shots: k, measures: [{ dataset, classes: 'all' }] },
    ),
  )
}
