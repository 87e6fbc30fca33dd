import { describe, expect, it } from 'vitest'
import { evaluate } from '../../../test/support/finite-differences.js'
import { float32ToFloat16 } from '../weights/float16.js'
import {
  add,
  apply,
  type ConstantOptions,
  cast,
  constant,
  customGradient,
  div,
  encodeGraph,
  exp,
  gemm,
  gradients,
  input,
  mul,
  type Operator,
  ones,
  quickGelu,
  reshape,
  scalar,
  stopGradient,
  sum,
  type Tensor,
  values,
} from './index.js'
import { simplify } from './simplify.js'
import { nodesInOrder } from './tensor.js'

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

  it('refuses data of the wrong length or type', async () => {
    const encode = (y: Tensor) => encodeGraph({ y })
    await expect(encode(exp(constant('short', [3], () => new Float32Array(2))))).rejects.toThrow(/2 values/)
    const bits = () => Float32Array.of(1) as unknown as Uint16Array
    const half = constant('half', [1], bits, { dtype: 'float16' })
    await expect(encode(cast(half, 'float32'))).rejects.toThrow(/half: float16 values come as Uint16Array/)
  })
})

describe('constants', () => {
  const row = (name: string, value: number, options?: ConstantOptions) =>
    constant(name, [2], () => new Float32Array(2).fill(value), options)

  it.each([2, 512])('of one name and shape keep their own values, with %i elements', async (size) => {
    const projection = (value: number) =>
      values('visual.proj', [size, 1], new Float32Array(size).fill(value / size))
    const sums = gemm(ones([1, size]), projection(1))
    const { a, b } = await evaluate({ a: sums, b: gemm(ones([1, size]), projection(2)) })
    expect([a!.data[0], b!.data[0]]).toEqual([1, 2])
  })

  it('whose label looks like the numbering of another are told apart too', async () => {
    const [a, b, c] = [row('w', 1), row('w', 2), row('w#2', 3)].map(exp) as [Tensor, Tensor, Tensor]
    const result = await evaluate({ a, b, c })
    expect(['a', 'b', 'c'].map((y) => Math.round(Math.log(result[y]!.data[0]!)))).toEqual([1, 2, 3])
  })

  it('of one owner and key are one, loaded once', async () => {
    const owner = {}
    let loads = 0
    const load = () => {
      loads++
      return new Float32Array(300)
    }
    const weight = (name: string) => exp(constant(name, [300], load, { owner, key: 'w' }))
    const { files } = await encodeGraph({ y: add(weight('first'), weight('second')) })
    expect(files.map(({ weights }) => weights.length)).toEqual([1])
    await files[0]!.weights[0]!.load()
    expect(loads).toBe(1)
  })

  it('of one owner and key but another shape or type are refused', async () => {
    const owner = {}
    const other = constant('w', [1, 2], () => new Float32Array(2), { owner })
    const half = constant('w', [2], () => new Uint16Array(2), { owner, dtype: 'float16' })
    await expect(encodeGraph({ y: add(row('w', 1, { owner }), other) })).rejects.toThrow(
      /constant w is float32 \[2\] in one place and float32 \[1,2\] in another/,
    )
    await expect(encodeGraph({ y: add(row('w', 1, { owner }), cast(half, 'float32')) })).rejects.toThrow(
      /float16 \[2\]/,
    )
  })

  it('of one number throughout are one, but 0 and -0 are two', async () => {
    const x = input('x', [3])
    const [y] = simplify([add(mul(x, 2), mul(x, 2))])
    expect(nodesInOrder([y!])).toHaveLength(2)
    const { up, down } = await evaluate({ up: div(1, scalar(0)), down: div(1, scalar(-0)) })
    expect([...up!.data, ...down!.data]).toEqual([Infinity, -Infinity])
  })
})

describe('element types', () => {
  const half = (...numbers: number[]) =>
    values('half', [numbers.length], float32ToFloat16(Float32Array.from(numbers)), { dtype: 'float16' })

  it.each([1, 150])('float16 weights, %i x 3 of them, compute as float32 once cast', async (repeats) => {
    const numbers = Array.from({ length: repeats }, () => [0.5, -3, 65504]).flat()
    const { y } = await evaluate({ y: mul(cast(half(...numbers), 'float32'), 2) })
    expect([...y!.data]).toEqual(numbers.map((n) => 2 * n))
  })

  it('keeps the weights file aligned where a float16 constant has an odd number of elements', async () => {
    const odd = half(...Array.from({ length: 257 }, () => 1))
    const even = values('even', [257], new Float32Array(257).fill(3))
    const graph = await encodeGraph({ y: mul(cast(odd, 'float32'), even) })
    expect(graph.files[0]!.weights.map(({ offset, dtype }) => [offset, dtype])).toEqual([
      [0, 'float16'],
      [576, 'float32'],
    ])
    const { y } = await evaluate({ y: mul(cast(odd, 'float32'), even) })
    expect(new Set(y!.data)).toEqual(new Set([3]))
  })

  it('whole numbers become float32 by a cast', async () => {
    const short = values('short', [2], Int32Array.of(-7, 70000), { dtype: 'int32' })
    const long = values('long', [2], BigInt64Array.of(-1n, 2n ** 33n), { dtype: 'int64' })
    const result = await evaluate({ short: cast(short, 'float32'), long: cast(long, 'float32') })
    expect([...result.short!.data, ...result.long!.data]).toEqual([-7, 70000, -1, 2 ** 33])
  })

  it('a number takes the type of what it is combined with', async () => {
    const doubled = mul(half(0.25), 2)
    expect(doubled.dtype).toBe('float16')
    expect([...(await evaluate({ y: cast(doubled, 'float32') })).y!.data]).toEqual([0.5])
  })

  it('two that differ do not mix, and an output is float32', async () => {
    expect(() => add(half(1), ones([1]))).toThrow(/Add of float16 and float32: cast one to the other/)
    await expect(encodeGraph({ y: half(1) })).rejects.toThrow(/output y is float16: cast it to float32/)
  })
})

describe('operators of another domain', () => {
  const microsoft = { name: 'com.microsoft', version: 1 }
  const QuickGelu: Operator<readonly [Tensor], { readonly alpha: number }> = {
    name: 'QuickGelu',
    domain: microsoft,
    infer: ([x]) => [x.shape],
    onnx: ({ parameters: { alpha } }) => ({ attributes: { alpha: { float: alpha } } }),
  }
  const x = input('x', [2, 3])
  const at = { x: { shape: [2, 3], data: Float32Array.of(-4, -1, -0.1, 0, 1, 4) } }

  it('run beside those of ONNX', async () => {
    const fused = mul(apply(QuickGelu, [x], { alpha: 1.702 }), 3)
    const { y, expected } = await evaluate({ y: fused, expected: mul(quickGelu(x), 3) }, at)
    for (const [i, value] of expected!.data.entries()) expect(y!.data[i]).toBeCloseTo(value, 5)
  })

  it('keep what differs in a parameter apart', async () => {
    const fused = (alpha: number) => apply(QuickGelu, [x], { alpha })
    const { a, b } = await evaluate({ a: fused(1), b: fused(2) }, at)
    expect(a!.data).not.toEqual(b!.data)
  })

  it('are refused in two versions of one domain', async () => {
    const Later: typeof QuickGelu = { ...QuickGelu, domain: { ...microsoft, version: 2 } }
    const y = apply(Later, [apply(QuickGelu, [x], { alpha: 1 })], { alpha: 1 })
    await expect(encodeGraph({ y })).rejects.toThrow(/com.microsoft in versions 1 and 2/)
  })

  it('have the gradient they are given, and none of themselves', async () => {
    const fused = apply(QuickGelu, [x], { alpha: 1.702 })
    expect(() => gradients(sum(fused), [x])).toThrow(/QuickGelu has no gradient/)
    const [plain] = gradients(sum(quickGelu(x)), [x]) as [Tensor]
    const own = customGradient(fused, [x], (dy) => [mul(dy, plain)])
    const [dx] = gradients(sum(own), [x]) as [Tensor]
    const result = await evaluate({ dx, plain }, at)
    expect(result.dx!.data).toEqual(result.plain!.data)
  })
})
