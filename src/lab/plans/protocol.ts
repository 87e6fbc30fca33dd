import type { ClassSelection } from '../../core/data/base-novel.js'

/** The paper's four experiments (sections 4.1 to 4.4), ViFi-CLIP's on all images, and ProText's supervision by texts alone. */
export const protocols = [
  'base-to-novel',
  'cross-dataset',
  'domain-generalization',
  'few-shot',
  'fully-supervised',
  'text-only',
] as const

/** See {@link protocols}. */
export type Protocol = (typeof protocols)[number]

/** Whether one source is trained on for all that is measured. */
export const hasSource = (protocol: Protocol): boolean =>
  protocol === 'cross-dataset' || protocol === 'domain-generalization'

/** What one training of a protocol is, and what its prompts are measured on. Data sets by name. */
export interface Training {
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
  /** Images a class; several numbers for few-shot curves, one that means nothing where all images are trained on. */
  readonly shots: readonly number[]
}

/**
 * The trainings of a protocol (PromptSRC paper, section 4):
 *
 * - base-to-novel: trained on the base classes of each data set, measured on its base and its novel classes, and, as no
 *   table of the paper is, on all of them together
 * - cross-dataset and domain generalization: trained on all classes of one source, measured on it and on every target
 * - few-shot: trained on all classes of each data set with each number of shots, measured on the same classes
 * - fully supervised: the same with all images there are
 * - text-only: trained on sentences about all classes of each data set, measured on the images of the same classes
 */
export function trainingsOf(protocol: Protocol, { source, datasets, shots }: ProtocolData): Training[] {
  if (source !== undefined) {
    const measured = [source, ...datasets.filter((name) => name !== source)]
    const measures = measured.map((dataset) => ({ dataset, classes: 'all' as const }))
    return shots.map((k) => ({ source, classes: 'all', shots: k, measures }))
  }
  return shots.flatMap((k) =>
    datasets.map(
      (dataset): Training =>
        protocol === 'base-to-novel'
          ? {
              source: dataset,
              classes: 'base',
              shots: k,
              measures: [
                { dataset, classes: 'base' },
                { dataset, classes: 'novel' },
                { dataset, classes: 'all' },
              ],
            }
          : { source: dataset, classes: 'all', shots: k, measures: [{ dataset, classes: 'all' }] },
    ),
  )
}
