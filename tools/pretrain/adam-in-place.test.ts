import { expect, it } from 'vitest'
import { randomStream } from '../../src/core/random.js'
import { adamW } from '../../src/core/train/adam.js'
import { adamInPlace } from './adam-in-place.js'

it('Adam in place makes the steps of the one that keeps its arguments, to the bit', () => {
  const random = randomStream(1, 'adam')
  const normals = () => Float32Array.from({ length: 50 }, () => random.normal())
  const values = normals()
  const slot = { values: values.slice(), first: new Float32Array(50), second: new Float32Array(50) }
  const settings = { beta1: 0.9, beta2: 0.98, epsilon: 1e-6 }
  const pure = adamW({ ...settings, weightDecay: 0.05 })
  let params: ReadonlyMap<string, Float32Array> = new Map([['w', values]])
  let state = pure.init()
  for (let count = 1; count <= 4; count++) {
    const gradient = normals()
    const next = pure.update(params, new Map([['w', gradient]]), state, 0.01)
    ;({ params, state } = next)
    adamInPlace(slot, gradient, { ...settings, count, rate: 0.01, decay: 0.01 * 0.05 })
  }
  expect(slot.values).toEqual(params.get('w'))
})
