/** Data sets that are trained on and tested on one by one. */
export interface Within {
  readonly datasets: readonly string[]
  /** Numbers of training images a class, one training each; without them one training on 16. */
  readonly shots?: readonly number[]
}

/** A data set that is trained on, and those that its prompts are tested on as they are. */
export interface Transfer {
  readonly source: string
  readonly targets: readonly string[]
}

/** The data sets of a benchmark. */
export type ToyProtocol = Within | Transfer

/** The paper's four benchmarks (section 4.1). */
export interface Protocols {
  readonly 'base-to-novel': Within
  readonly 'cross-dataset': Transfer
  readonly 'domain-generalization': Transfer
  readonly 'few-shot': Required<Within>
}

/** Data sets with classes of their own. */
const downstream = ['toy-pond', 'toy-mosaic', 'toy-aerial']

/**
 * The paper's four benchmarks on the toy world, by names of `toySets`. `toy-source` has the part of ImageNet in the two that
 * train on one set and test on others.
 */
export const toyProtocols: Protocols = {
  'base-to-novel': { datasets: ['toy', ...downstream] },
  'cross-dataset': { source: 'toy-source', targets: downstream },
  'domain-generalization': { source: 'toy-source', targets: ['toy-v2', 'toy-sketch', 'toy-a', 'toy-r'] },
  'few-shot': { datasets: ['toy', ...downstream], shots: [1, 2, 4, 8, 16] },
}
