import { afterAll, describe, expect, it } from 'vitest'
import { randomTensor } from '../../../test/support/finite-differences.js'
import { firstSteps } from '../../../test/support/first-steps.js'
import { roundedProducts } from '../../../test/support/rounded-products.js'
import { loadModel } from '../../node/model.js'
import { nodeRuntime } from '../../node/runtime/node-runtime.js'
import { add, constant, encodeGraph, gemm, input, matmul, swapLast } from '../graph/index.js'
import { halfProducts, sumProbe } from './half-products.js'

const model = await loadModel('tiny', { threads: 1 })
const half = nodeRuntime({ threads: 1, worker: false, precision: 'fp16' })
afterAll(() => Promise.all([model.close(), half.close()]))

describe('half precision', () => {
  const weights = randomTensor('w', [96, 64]).data
  const w = constant('w', [96, 64], () => weights)
  const [x, y] = [input('x', [5, 64]), input('y', [7, 64])]

  it('keeps weights as float16 once, whoever multiplies by them and however they lie', async () => {
    const outputs = { a: gemm(x, w, { transB: true }), b: matmul(y, swapLast(w)) }
    const graph = await encodeGraph(halfProducts(outputs))
    expect(graph.weightBytes).toBe(2 * weights.length)
    expect((await encodeGraph(outputs)).weightBytes).toBe(4 * weights.length)
  })

  it('multiplies numbers of float16, off by no more than their rounding', async () => {
    const data = randomTensor('x', [5, 64]).data
    const session = await half.compile(await encodeGraph({ a: gemm(x, w, { transB: true }) }))
    const { a } = await session.run({ x: { shape: [5, 64], data } })
    let worst = 0
    for (const [at, value] of a!.data.entries()) {
      const [row, column] = [Math.floor(at / 96), at % 96]
      const terms = Array.from({ length: 64 }, (_, k) => data[row * 64 + k]! * weights[column * 64 + k]!)
      const [sum, size] = [terms, terms.map(Math.abs)].map((all) => all.reduce((one, next) => one + next))
      worst = Math.max(worst, Math.abs(value - sum!) / (2 ** -11 * (2 * size! + Math.abs(sum!))))
    }
    expect(worst).toBeLessThan(1)
    expect(worst).toBeGreaterThan(0.01)
    await session.release()
  })

  it('leaves products of what is computed alone, and all that is no product', async () => {
    const outputs = { a: add(matmul(x, swapLast(y)), 1) }
    const [plain, found] = await Promise.all([encodeGraph(outputs), encodeGraph(halfProducts(outputs))])
    expect(found.onnx).toEqual(plain.onnx)
  })

  const rounding = roundedProducts(model.runtime)
  it.each([
    ['promptsrc', 'with half precision', half],
    ...['promptsrc', 'ivlp', 'maple', 'coop', 'cocoop'].map(
      (method) => [method, 'rounding all that it rounds', rounding] as const,
    ),
  ] as const)(
    'trains %s, %s, with the losses of float32, within 1e-3 for six steps',
    async (method, _, runtime) => {
      const { losses } = await firstSteps(model, method)
      const found = await firstSteps({ ...model, runtime, caches: undefined }, method)
      expect(found.losses).toHaveLength(6)
      const errors = found.losses.map((loss, i) => Math.abs(loss / losses[i]! - 1))
      expect(Math.max(...errors)).toBeLessThan(1e-3)
      expect(Math.max(...errors)).toBeGreaterThan(0)
    },
  )
})

describe('the probe of sums', () => {
  it('passes sums in float32', async () => {
    const { outputs, inputs, isExact } = sumProbe()
    const session = await half.compile(await encodeGraph(outputs))
    expect(isExact(await session.run(inputs))).toBe(true)
    await session.release()
  })

  it.each([
    ['one after the other', 1, 4096],
    ['in 16 parts', 1, 256],
    ['every 32nd together', 32, 128],
  ])('fails sums in float16, %s', (_, stride, length) => {
    const { inputs, isExact } = sumProbe()
    const [, terms] = inputs.x!.shape as [number, number]
    /** To float16's eleven digits. */
    const rounded = (value: number) => {
      const large = Math.fround(value * 8193)
      return Math.fround(large - Math.fround(large - value))
    }
    let sum = 0
    for (let part = 0; part < terms / length; part++) {
      let own = 0
      for (let i = 0; i < length; i++) {
        own = rounded(own + inputs.x!.data[stride === 1 ? part * length + i : part + stride * i]!)
      }
      sum = rounded(sum + own)
    }
    expect(isExact({ sums: { shape: [1], data: Float32Array.of(sum) } })).toBe(false)
  })
})
