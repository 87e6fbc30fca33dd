/** A data set that is trained on, and those that the learned prompts are measured on as they are. */
interface Transfer {
  readonly source: string
  readonly targets: readonly string[]
}

/** What each of the paper's four benchmarks uses (section 4.1). */
interface Protocols {
  readonly 'base-to-novel': { readonly datasets: readonly string[] }
  readonly 'cross-dataset': Transfer
  readonly 'domain-generalization': Transfer
  readonly 'few-shot': { readonly datasets: readonly string[]; readonly shots: readonly number[] }
}

/** Data sets with classes of their own. */
const downstream = ['toy-pond', 'toy-mosaic', 'toy-aerial']

/**
 * The paper's four benchmarks on the toy world, by names of `toySets`. `toy` has the part of ImageNet: it is among the sets
 * of base-to-novel and few-shot, and the source of the other two.
 */
export const toyProtocols: Protocols = {
  'base-to-novel': { datasets: ['toy', ...downstream] },
  'cross-dataset': { source: 'toy', targets: downstream },
  'domain-generalization': { source: 'toy', targets: ['toy-v2', 'toy-sketch', 'toy-a', 'toy-r'] },
  'few-shot': { datasets: ['toy', ...downstream], shots: [1, 2, 4, 8, 16] },
}
