import type { Protocols } from '../protocols.js'

/** Kinds of thing that results are reported for one by one. */
const downstream = ['food', 'office', 'sky', 'play', 'animals', 'transport', 'wear', 'stage'].map(
  (kind) => `emoji-${kind}`,
)

/**
 * The paper's four benchmarks in the emoji world, by names of `emojiSets`. `emoji-source` has the part of ImageNet in the two
 * that train on one set and test on others; its variants are art styles.
 *
 * @param draw of all sets
 * @param shift whether training and test of the sets by kind share drawings
 */
export function emojiProtocols(draw = 0, shift: 'mixed' | 'disjoint' = 'mixed'): Protocols {
  const at = (name: string) => (draw === 0 ? name : `${name}@${draw}`)
  const sets = downstream.map((name) => at(shift === 'disjoint' ? `${name}-disjoint` : name))
  return {
    'base-to-novel': { datasets: sets },
    'cross-dataset': { source: at('emoji-source'), targets: sets },
    'domain-generalization': {
      source: at('emoji-source'),
      targets: ['v2', 'sketch', 'flat', 'shaded'].map((variant) => at(`emoji-source-${variant}`)),
    },
    'few-shot': { datasets: sets.slice(0, 4), shots: [1, 2, 4, 8, 16] },
  }
}
