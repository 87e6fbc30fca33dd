import { describe, expect, it } from 'vitest'
import { randomStream } from '../random.js'
import { minimize, type Objective } from './lbfgs.js'

const rosenbrock: Objective = ([x = 0, y = 0]) => ({
  value: 100 * (y - x * x) ** 2 + (1 - x) ** 2,
  gradient: Float64Array.of(-400 * x * (y - x * x) - 2 * (1 - x), 200 * (y - x * x)),
})

/** Half the squared distance to `center`, stretched by `scales`. */
const quadratic =
  (scales: readonly number[], center: readonly number[]): Objective =>
  (x) => ({
    value: scales.reduce((sum, s, i) => sum + (s / 2) * (x[i]! - center[i]!) ** 2, 0),
    gradient: Float64Array.from(scales, (s, i) => s * (x[i]! - center[i]!)),
  })

const exact = { gradientTolerance: 1e-9, valueTolerance: 0 }

describe('minimize', () => {
  it.each([
    [-1.2, 1],
    [0, 0],
    [3, -4],
  ])("finds the end of Rosenbrock's valley from (%d, %d)", async (...start) => {
    const { x, value, reason, iterations } = await minimize(rosenbrock, Float64Array.from(start), exact)
    expect(reason).toBe('gradient')
    expect(x[0]).toBeCloseTo(1, 8)
    expect(x[1]).toBeCloseTo(1, 8)
    expect(value).toBeLessThan(1e-16)
    expect(iterations).toBeLessThan(80)
  })

  it('solves quadratics whose curvatures differ a thousandfold', async () => {
    const random = randomStream(1, 'quadratic')
    const scales = Array.from({ length: 40 }, (_, i) => 10 ** ((3 * i) / 39 - 1))
    const center = scales.map(() => random.normal())
    const { x } = await minimize(quadratic(scales, center), new Float64Array(40), exact)
    for (const [i, c] of center.entries()) expect(x[i]).toBeCloseTo(c, 5)
  })

  it('needs no more than a step and its correction where curvature is one', async () => {
    const { x, iterations } = await minimize(quadratic([1, 1, 1], [3, -4, 12]), new Float64Array(3), exact)
    expect([...x].map((v) => Number(v.toFixed(9)))).toEqual([3, -4, 12])
    expect(iterations).toBeLessThanOrEqual(3)
  })

  it('stays where the gradient is small already, and keeps the start as it was', async () => {
    const start = Float64Array.of(1, 2)
    const found = await minimize(quadratic([1, 1], [1, 2]), start)
    expect(found).toMatchObject({ iterations: 0, reason: 'gradient', value: 0 })
    const far = Float64Array.of(5, 5)
    await minimize(quadratic([1, 1], [1, 2]), far)
    expect([...far]).toEqual([5, 5])
  })

  it('steps back from where the function is not finite', async () => {
    // x - log x has its minimum at 1 and no value below 0, where the first steps lead.
    const barrier: Objective = ([x = 0]) => ({
      value: 50 * (x - Math.log(x)),
      gradient: Float64Array.of(50 * (1 - 1 / x)),
    })
    const { x, value } = await minimize(barrier, Float64Array.of(4), exact)
    expect(x[0]).toBeCloseTo(1, 7)
    expect(value).toBeCloseTo(50, 9)
  })

  it('says that it ran out of iterations', async () => {
    const few = await minimize(rosenbrock, Float64Array.of(-1.2, 1), { ...exact, maxIterations: 5 })
    expect(few).toMatchObject({ iterations: 5, reason: 'iterations' })
  })

  it('ends near the minimum where the function has no digits left to fall by', async () => {
    const rounded: Objective = async (x) => ({
      value: Math.fround((await quadratic([1, 4], [1, 1])(x)).value + 1000),
      gradient: (await quadratic([1, 4], [1.001, 0.999])(x)).gradient,
    })
    const { reason, x } = await minimize(rounded, new Float64Array(2), {
      gradientTolerance: 0,
      valueTolerance: 0,
    })
    expect(['value', 'precision']).toContain(reason)
    for (const value of x) expect(Math.abs(value - 1)).toBeLessThan(0.05)
  })

  it('ends with the reason of a signal', async () => {
    const controller = new AbortController()
    const reason = new DOMException('interrupted', 'AbortError')
    let calls = 0
    const watched: Objective = (x) => {
      if (++calls === 4) controller.abort(reason)
      return rosenbrock(x)
    }
    await expect(
      minimize(watched, Float64Array.of(-1.2, 1), { ...exact, signal: controller.signal }),
    ).rejects.toBe(reason)
  })
})
