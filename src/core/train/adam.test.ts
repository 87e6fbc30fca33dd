import { describe, expect, it } from 'vitest'
import { adamW } from './adam.js'
import type { Tensors } from './optimizer.js'

const of = (values: number[], name = 'p'): Tensors => new Map([[name, new Float32Array(values)]])

describe('adamW', () => {
  it('moves by the learning rate against the sign of the first gradient', () => {
    const optimizer = adamW({ weightDecay: 0 })
    const { params } = optimizer.update(of([1, 1, 1]), of([5, -0.001, 0]), optimizer.init(), 0.1)
    const [up, down, still] = params.get('p')!
    expect(up).toBeCloseTo(0.9, 6)
    expect(down).toBeCloseTo(1.1, 5)
    expect(still).toBe(1)
  })

  it('follows the algorithm over two steps worked by hand', () => {
    // beta1 = 0.5, beta2 = 0.75, lr = 0.1, decay 0.5, epsilon 0, p = 2, gradients 4 then 1.
    // Step 1: p = 2 * 0.95 = 1.9; m = 2, v = 4; m^ = 4, v^ = 16; p = 1.9 - 0.1 * 4 / 4 = 1.8
    // Step 2: p = 1.8 * 0.95 = 1.71; m = 1.5, v = 3.25; m^ = 2, v^ = 3.25 / 0.4375; p = 1.71 - 0.2 / 2.7255405754...
    const optimizer = adamW({ beta1: 0.5, beta2: 0.75, epsilon: 0, weightDecay: 0.5 })
    const first = optimizer.update(of([2]), of([4]), optimizer.init(), 0.1)
    expect(first.params.get('p')![0]).toBeCloseTo(1.8, 6)
    const second = optimizer.update(first.params, of([1]), first.state, 0.1)
    expect(second.state.buffers.get('exp_avg.p')![0]).toBe(1.5)
    expect(second.state.buffers.get('exp_avg_sq.p')![0]).toBe(3.25)
    expect(second.params.get('p')![0]).toBeCloseTo(1.71 - 0.2 / 2.7255405754769875, 6)
    expect(second.state.step).toBe(2)
    expect(first.params.get('p')![0]).toBeCloseTo(1.8, 6)
  })

  it('decays only the parameters it is told to', () => {
    const optimizer = adamW({ weightDecay: 0.5, decays: (name) => name !== 'bias' })
    const params = new Map([...of([1], 'bias'), ...of([1], 'weight'), ...of([1], 'frozen')])
    const grads = new Map([...of([0], 'bias'), ...of([0], 'weight')])
    const next = optimizer.update(params, grads, optimizer.init(), 0.1).params
    expect([...next.values()].map((value) => value[0])).toEqual([1, Math.fround(0.95), 1])
  })

  it('minimises a quadratic', () => {
    const optimizer = adamW({ weightDecay: 0 })
    let params = of([3, -2])
    let state = optimizer.init()
    for (let i = 0; i < 300; i++) {
      ;({ params, state } = optimizer.update(params, params, state, 0.05))
    }
    expect(Math.max(...params.get('p')!.map(Math.abs))).toBeLessThan(1e-2)
  })
})
