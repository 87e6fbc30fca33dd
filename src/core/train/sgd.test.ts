import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import type { Tensors } from './optimizer.js'
import { sgd } from './sgd.js'

interface GoldenSgd {
  lr: number
  momentum: number
  weight_decay: number
  dampening: number
  nesterov: boolean
  grads: number[][]
  params: number[][]
}

const golden = JSON.parse(readFileSync('test/golden/sgd.json', 'utf8')) as GoldenSgd[]

const of = (values: number[], name = 'p'): Tensors => new Map([[name, new Float32Array(values)]])

describe('sgd', () => {
  it.each(golden.map((entry, i) => [i, entry] as const))(
    'repeats PyTorch bit for bit, setting %i',
    (_, entry) => {
      const optimizer = sgd({
        momentum: entry.momentum,
        weightDecay: entry.weight_decay,
        dampening: entry.dampening,
        nesterov: entry.nesterov,
      })
      let params = of(entry.params[0]!)
      let state = optimizer.init()
      for (const [i, grad] of entry.grads.entries()) {
        ;({ params, state } = optimizer.update(params, of(grad), state, entry.lr))
        expect([...params.get('p')!]).toEqual(entry.params[i + 1])
      }
      expect(state.step).toBe(entry.grads.length)
    },
  )

  it('takes the first gradient as the momentum buffer, without dampening', () => {
    const { state } = sgd({ momentum: 0.5, dampening: 0.5 }).update(of([0]), of([2]), sgd().init(), 1)
    expect(state.buffers.get('momentum.p')).toEqual(new Float32Array([2]))
  })

  it('leaves a parameter without a gradient alone, without decay', () => {
    const params = new Map([...of([1], 'a'), ...of([1], 'frozen')])
    const step = sgd({ momentum: 0.9, weightDecay: 0.1 }).update(params, of([1], 'a'), sgd().init(), 0.5)
    expect(step.params.get('frozen')).toBe(params.get('frozen'))
    expect([...step.state.buffers.keys()]).toEqual(['momentum.a'])
  })

  it('changes neither its arguments nor an earlier state', () => {
    const optimizer = sgd({ momentum: 0.9 })
    const params = of([1, 2])
    const first = optimizer.update(params, of([1, 1]), optimizer.init(), 0.1)
    const before = [...first.state.buffers.get('momentum.p')!]
    const again = optimizer.update(first.params, of([3, 3]), first.state, 0.1)
    expect([...params.get('p')!]).toEqual([1, 2])
    expect([...first.state.buffers.get('momentum.p')!]).toEqual(before)
    expect(optimizer.update(first.params, of([3, 3]), first.state, 0.1)).toEqual(again)
  })

  it('refuses a gradient that does not fit its parameter', () => {
    expect(() => sgd().update(of([1, 2]), of([1]), sgd().init(), 1)).toThrow('gradient of p: 1 values')
    expect(() => sgd().update(of([1]), of([1], 'q'), sgd().init(), 1)).toThrow('the parameter has none')
  })
})
