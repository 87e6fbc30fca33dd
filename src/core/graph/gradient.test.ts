import { describe, expect, it } from 'vitest'
import { evaluate, gradientError, randomTensor } from '../../../test/support/finite-differences.js'
import { float32ToFloat16 } from '../weights/float16.js'
import * as g from './index.js'

type Build = (x: g.Tensor[]) => g.Tensor | readonly g.Tensor[]
const cases: [name: string, build: Build, shapes: number[][], range?: [number, number]][] = [
  ['add with broadcasting', ([a, b]) => g.add(a!, b!), [[2, 3], [3]]],
  [
    'sub with broadcasting',
    ([a, b]) => g.sub(a!, b!),
    [
      [2, 1],
      [2, 3],
    ],
  ],
  ['mul with broadcasting', ([a, b]) => g.mul(a!, b!), [[2, 3], []]],
  [
    'div with broadcasting',
    ([a, b]) => g.div(a!, b!),
    [
      [2, 3],
      [2, 1],
    ],
    [0.5, 2],
  ],
  ['neg', ([a]) => g.neg(a!), [[4]]],
  ['exp', ([a]) => g.exp(a!), [[4]]],
  ['log', ([a]) => g.log(a!), [[4]], [0.5, 2]],
  ['sqrt', ([a]) => g.sqrt(a!), [[4]], [0.5, 2]],
  ['sigmoid', ([a]) => g.sigmoid(a!), [[4]], [-3, 3]],
  ['erf', ([a]) => g.erf(a!), [[4]]],
  ['relu away from 0', ([a]) => g.relu(g.sub(a!, 1)), [[4]], [1.2, 2]],
  ['abs away from 0', ([a]) => g.abs(a!), [[4]], [-1, -0.2]],
  ['sum over axes', ([a]) => g.sum(a!, [0, 2]), [[2, 3, 2]]],
  ['mean keeping axes', ([a]) => g.mean(a!, [-1], true), [[2, 3]]],
  ['mean over all', ([a]) => g.mean(a!), [[2, 3]]],
  ['reshape', ([a]) => g.reshape(a!, [3, -1]), [[2, 3]]],
  ['transpose', ([a]) => g.transpose(a!, [2, 0, 1]), [[2, 3, 4]]],
  ['expand', ([a]) => g.expand(a!, [4, 2, 3]), [[2, 1]]],
  [
    'concat',
    ([a, b]) => g.concat([a!, b!], 1),
    [
      [2, 3],
      [2, 1],
    ],
  ],
  ['concat with constants around', ([a]) => g.concat([g.ones([2, 2]), a!, g.zeros([2, 1])], 1), [[2, 3]]],
  [
    'a value with a gradient of its own, of two inputs of which one is used twice',
    ([a, b]) =>
      g.mul(
        g.customGradient(g.mul(a!, b!), [a!, b!], (dy) => [g.mul(dy, b!), g.mul(dy, a!)]),
        a!,
      ),
    [[4], [4]],
  ],
  [
    'parts that are computed again for the gradient',
    ([a, b]) =>
      g.recomputed(
        [a!, b!],
        [
          ([x, y]) => g.exp(g.mul(x!, y!)),
          ([x]) => g.mul(x!, x!),
          ([x, y]) => g.slice(g.add(g.exp(x!), y!), 0, 0, 1),
        ],
        0,
      ),
    [
      [2, 3],
      [2, 3],
    ],
  ],
  ['split with an unused piece', ([a]) => [0, 2].map((i) => g.split(a!, 1, [1, 2, 1])[i]!), [[2, 4]]],
  ['slice', ([a]) => g.slice(a!, 1, 1, 3), [[2, 4]]],
  ['pad', ([a]) => g.pad(a!, 0, 1, 2), [[2, 2]]],
  [
    'matmul with broadcasting',
    ([a, b]) => g.matmul(a!, b!),
    [
      [2, 3, 2, 4],
      [3, 4, 2],
    ],
  ],
  ['gemm with bias', ([a, b, c]) => g.gemm(a!, b!, { bias: c! }), [[2, 3], [3, 4], [4]]],
  [
    'gemm of transposed left',
    ([a, b]) => g.gemm(a!, b!, { transA: true }),
    [
      [3, 2],
      [3, 4],
    ],
  ],
  [
    'gemm of transposed right',
    ([a, b]) => g.gemm(a!, b!, { transB: true }),
    [
      [2, 3],
      [4, 3],
    ],
  ],
  [
    'gemm of both transposed',
    ([a, b]) => g.gemm(a!, b!, { transA: true, transB: true }),
    [
      [3, 2],
      [4, 3],
    ],
  ],
  ['layerNorm', ([x, w, b]) => g.layerNorm(x!, w!, b!), [[3, 6], [6], [6]], [-2, 2]],
  ['normalize', ([x]) => g.normalize(x!), [[3, 6]], [-2, 2]],
  ['silu', ([x]) => g.silu(x!), [[6]], [-3, 3]],
  ['softmax', ([x]) => g.softmax(x!), [[2, 5]], [-2, 2]],
  ['softmax along the first axis', ([x]) => g.softmax(x!, 0), [[3, 2]], [-2, 2]],
  ['logSoftmax', ([x]) => g.logSoftmax(x!), [[2, 5]], [-2, 2]],
  ['l2Normalize', ([x]) => g.l2Normalize(x!), [[2, 4]], [0.5, 2]],
  ['quickGelu', ([x]) => g.quickGelu(x!), [[6]], [-3, 3]],
  ['gelu', ([x]) => g.gelu(x!), [[6]], [-3, 3]],
  [
    'attention',
    ([q, k, v]) => g.attention(q!, k!, v!),
    [
      [2, 3, 4],
      [2, 5, 4],
      [2, 5, 4],
    ],
  ],
]

describe('gradients', () => {
  it.each(cases)('of %s agree with finite differences', async (name, build, shapes, range = [-1, 1]) => {
    const at = shapes.map((shape, i) => randomTensor(`${name}${i}`, shape, ...range))
    expect(await gradientError(build, at)).toBeLessThan(2e-3)
  })

  it('do not flow through stopGradient', async () => {
    const x = g.input('x', [2])
    const [dx] = g.gradients(g.sum(g.mul(x, g.stopGradient(x))), [x])
    const { dx: value } = await evaluate({ dx: dx! }, { x: { shape: [2], data: Float32Array.of(3, 5) } })
    expect([...value!.data]).toEqual([3, 5])
  })

  it('pass a cast to half precision and back', async () => {
    // Values and steps that half precision holds exactly.
    const at = { shape: [2, 3], data: Float32Array.of(0.5, -0.25, 1, 0.125, -1, 0.75) }
    const half = ([x]: g.Tensor[]) => {
      const h = g.cast(x!, 'float16')
      return g.mul(g.cast(h, 'float32'), x!)
    }
    expect(await gradientError(half, [at], 2 ** -6)).toBeLessThan(2e-3)
  })

  it('reach a half-precision constant in its own type, through the cast', async () => {
    const bits = float32ToFloat16(Float32Array.of(0.5, -2))
    const w = g.values('w', [2], bits, { dtype: 'float16' })
    const x = g.input('x', [2])
    const y = g.cast(w, 'float32')
    const [dw, dx, none] = g.gradients(g.sum(g.mul(g.mul(x, y), y)), [
      w,
      x,
      g.values('o', [1], bits.slice(1), { dtype: 'float16' }),
    ])
    expect([dw!.dtype, dx!.dtype, none!.dtype]).toEqual(['float16', 'float32', 'float16'])
    const result = await evaluate(
      { dw: g.cast(dw!, 'float32'), dx: dx!, none: g.cast(none!, 'float32') },
      { x: { shape: [2], data: Float32Array.of(3, 5) } },
    )
    expect([...result.dw!.data]).toEqual([2 * 3 * 0.5, 2 * 5 * -2])
    expect([...result.dx!.data]).toEqual([0.25, 4])
    expect([...result.none!.data]).toEqual([0])
  })

  it('do not pass a cast from whole numbers', async () => {
    const n = g.values('n', [2], Int32Array.of(1, 2), { dtype: 'int32' })
    const [dn] = g.gradients(g.sum(g.cast(n, 'float32')), [n])
    expect([...(await evaluate({ dn: g.cast(dn!, 'float32') })).dn!.data]).toEqual([0, 0])
  })

  it('of a layer norm do not mistake a constant named like ones for ones', async () => {
    const x = g.input('x', [2, 3])
    const at = { x: { shape: [2, 3], data: Float32Array.of(1, 2, 4, -1, 0, 3) } }
    const scaled = (name: string) => {
      const gain = g.values(name, [3], Float32Array.of(2, 3, 5))
      const y = g.layerNorm(x, gain, g.zeros([3]))
      return g.gradients(g.sum(g.mul(y, y)), [x])[0]!
    }
    const { a, b } = await evaluate({ a: scaled('ones:3'), b: scaled('gain') }, at)
    expect(a!.data).toEqual(b!.data)
  })

  it('are refused through an operator that has none', () => {
    const x = g.input('x', [1, 1, 2, 2])
    const y = g.conv2d(x, g.ones([1, 1, 1, 1]), g.zeros([1]))
    expect(() => g.gradients(g.sum(y), [x])).toThrow(/Conv has no gradient/)
    expect(() => g.gradients(g.sum(g.stopGradient(y)), [x])).not.toThrow()
  })

  it('take the sign of every normal number to be -1, 0 or 1', async () => {
    const least = 2 ** -126
    const most = (2 - 2 ** -23) * 2 ** 127
    const x = Float32Array.of(-most, -1, -least, 0, least, 3, most, Number.POSITIVE_INFINITY)
    const y = g.sign(g.input('x', [x.length]))
    const { data } = (await evaluate({ y }, { x: { shape: [x.length], data: x } })).y!
    expect([...data]).toEqual([-1, -1, -1, 0, 1, 1, 1, 1])
  })

  it('are zero through sign and the maximum', async () => {
    const x = g.input('x', [3])
    const [dx] = g.gradients(g.add(g.sum(g.sign(x)), g.max(x)), [x])
    const at = { x: { shape: [3], data: Float32Array.of(-1, 0, 2) } }
    expect([...(await evaluate({ dx: dx! }, at)).dx!.data]).toEqual([0, 0, 0])
  })

  it('are zero for a tensor that the loss does not depend on', async () => {
    const x = g.input('x', [2])
    const y = g.input('y', [3])
    const [dy] = g.gradients(g.sum(x), [y])
    expect([...(await evaluate({ dy: dy! })).dy!.data]).toEqual([0, 0, 0])
  })

  it('of a tensor that is not a scalar are refused', () => {
    expect(() => g.gradients(g.input('x', [2]), [])).toThrow(/scalar/)
  })
})
