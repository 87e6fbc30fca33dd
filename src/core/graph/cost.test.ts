import { expect, it } from 'vitest'
import { add, exp, gemm, graphCost, input, mul, reshape, values } from './index.js'

const x = input('x', [10, 10])

it('counts products, operators and the bytes of constants, each once', () => {
  const w = values('w', [10, 20], new Float32Array(200))
  const cost = graphCost({ a: gemm(exp(x), w), b: mul(gemm(exp(x), w), 2) })
  expect(cost.flops).toBe(2 * 10 * 10 * 20)
  expect(cost.operators).toEqual({ Exp: 1, Gemm: 1, Mul: 1 })
  expect(cost.weightBytes).toBe(4 * 201)
})

it('frees a value behind its last reader', () => {
  let chain = exp(x)
  for (let i = 0; i < 5; i++) chain = exp(chain)
  expect(graphCost({ chain }).peakBytes).toBe(2 * 400)
})

it('holds a value until its last reader, and an output to the end', () => {
  const first = exp(x)
  const later = exp(exp(exp(first)))
  expect(graphCost({ y: add(first, later) }).peakBytes).toBe(3 * 400)
  expect(graphCost({ first, later }).peakBytes).toBe(3 * 400)
})

it('takes a reshape for another name of the same bytes', () => {
  expect(graphCost({ y: exp(reshape(exp(x), [100])) }).peakBytes).toBe(2 * 400)
})
