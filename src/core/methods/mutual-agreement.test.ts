import { expect, it } from 'vitest'
import { evaluate } from '../../../test/support/finite-differences.js'
import { values } from '../graph/index.js'
import { agreementOfFeatures, agreementOfLogits } from './mutual-agreement.js'

it('agreement of features is the mean absolute difference over all entries', async () => {
  const a = values('a', [2, 2], Float32Array.of(1, 2, 3, 4))
  const b = values('b', [2, 2], Float32Array.of(1, 1, 5, 4))
  expect((await evaluate({ y: agreementOfFeatures(a, b) })).y!.data[0]).toBeCloseTo(0.75, 6)
})

it('agreement of logits is KL(frozen || prompted), summed and divided by the number of entries', async () => {
  const log = (p: number[]) => Float32Array.from(p, Math.log)
  const prompted = values('p', [1, 2], log([0.5, 0.5]))
  const frozen = values('q', [1, 2], log([0.9, 0.1]))
  const kl = 0.9 * Math.log(0.9 / 0.5) + 0.1 * Math.log(0.1 / 0.5)
  expect((await evaluate({ y: agreementOfLogits(prompted, frozen) })).y!.data[0]).toBeCloseTo(kl / 2, 6)
})
