import { expect, it } from 'vitest'
import type { HostTensor } from '../graph/index.js'
import type { Session } from '../runtime/session.js'
import { HostSteps } from './host-steps.js'
import { sgd } from './sgd.js'

const scalar = (value: number): HostTensor => ({ shape: [1], data: Float32Array.of(value) })

/** A step whose gradient overflows above some factor of the loss; `tried` are the factors it was run with. */
function stepsOf(most: number, loss = 1) {
  const tried: number[] = []
  const session: Session = {
    graph: { inputs: { p: [1], loss_scale: [1] }, outputs: {}, flops: 0 },
    async run({ loss_scale }) {
      const factor = Number(loss_scale!.data[0])
      tried.push(factor)
      return {
        'loss.total': scalar(loss),
        'grad.p': scalar(factor > most ? Number.POSITIVE_INFINITY : 3),
        logits: { shape: [1, 2], data: Float32Array.of(0, 1) },
      }
    },
    carried: async () => ({}),
    release: async () => {},
    [Symbol.asyncDispose]: async () => {},
  }
  const learned = {
    parameters: new Map([['p', Float32Array.of(1)]]),
    optimizer: { step: 0, buffers: new Map() },
  }
  const steps = new HostSteps(session, sgd(), {}, learned)
  return { steps, tried }
}

const feeds = { inputs: {}, labels: [1], learningRate: 0.5, epoch: 1 }

it.each([
  [1024, [1024]],
  [100, [1024, 32]],
  [1, [1024, 32, 1]],
])(
  'scales the loss by the first factor that lets no gradient overflow: up to %d by %j',
  async (most, factors) => {
    const { steps, tried } = stepsOf(most)
    const [result] = await steps.make(feeds)
    expect(tried).toEqual(factors)
    expect(result).toMatchObject({ losses: { total: 1 }, correct: 1 })
    expect(steps.learned.parameters.get('p')).toEqual(Float32Array.of(-0.5))
  },
)

it('stops where a gradient overflows by every factor, or the loss is none, which no factor mends', async () => {
  const never = stepsOf(0)
  await expect(never.steps.make(feeds)).rejects.toThrow('p is not a finite number at step 1 (epoch 1')
  expect(never.tried).toEqual([1024, 32, 1])
  const bad = stepsOf(1024, Number.NaN)
  await expect(bad.steps.make(feeds)).rejects.toThrow('total is not a finite number')
  expect(bad.tried).toEqual([1024])
  expect(bad.steps.made).toBe(0)
})
