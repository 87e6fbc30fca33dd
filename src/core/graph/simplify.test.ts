import { describe, expect, it } from 'vitest'
import { evaluate } from '../../../test/support/finite-differences.js'
import { add, constant, encodeGraph, exp, gemm, input, mul, reshape, stopGradient, values } from './index.js'
import { nodesInOrder } from './order.js'
import { simplify } from './simplify.js'

describe('simplifying a graph', () => {
  it('computes equal expressions once', () => {
    const x = input('x', [2])
    const [y] = simplify([add(exp(mul(x, 2)), exp(mul(input('x', [2]), 2)))])
    expect(nodesInOrder([y!]).map(({ operator }) => operator.name)).toEqual(['Mul', 'Exp', 'Add'])
  })

  it('keeps what differs in an attribute apart', () => {
    const x = input('x', [4])
    const [y] = simplify([add(reshape(reshape(x, [2, 2]), [4]), exp(reshape(x, [1, 4])))])
    expect(y!.shape).toEqual([1, 4])
  })

  it('bypasses aliases and leaves out what no output needs', () => {
    const x = input('x', [2])
    exp(x)
    const [y] = simplify([mul(stopGradient(x), 3)])
    expect(nodesInOrder([y!])).toHaveLength(1)
  })
})

describe('encoding a graph', () => {
  it('counts the operations of matrix products', async () => {
    const { flops } = await encodeGraph({ y: gemm(input('a', [3, 5]), input('b', [5, 7])) })
    expect(flops).toBe(2 * 3 * 5 * 7)
  })

  it('gives an output that is an input, and one tensor under two names', async () => {
    const x = input('x', [2])
    const { a, b } = await evaluate({ a: x, b: x }, { x: { shape: [2], data: Float32Array.of(1, 2) } })
    expect([...a!.data, ...b!.data]).toEqual([1, 2, 1, 2])
  })

  it('loads large constants when the weights are written, not before', async () => {
    let loads = 0
    const weight = constant('w', [300, 2], () => {
      loads++
      return new Float32Array(600).fill(2)
    })
    const graph = await encodeGraph({ y: gemm(input('x', [1, 300]), weight) })
    expect(loads).toBe(0)
    expect(graph.weightBytes).toBeGreaterThanOrEqual(2400)
    const { y } = await evaluate({ y: gemm(values('one', [1, 300], new Float32Array(300).fill(1)), weight) })
    expect([...y!.data]).toEqual([600, 600])
  })

  it('refuses two constants of one name and different sizes, and data of the wrong length', async () => {
    const large = (n: number) => constant('same', [n], () => new Float32Array(n))
    await expect(encodeGraph({ a: exp(large(300)), b: exp(large(301)) })).rejects.toThrow(/same/)
    await expect(encodeGraph({ a: exp(constant('short', [3], () => new Float32Array(2))) })).rejects.toThrow(
      /2 values/,
    )
  })
})
