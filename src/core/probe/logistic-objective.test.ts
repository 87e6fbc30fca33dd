import { readFileSync } from 'node:fs'
import { afterAll, describe, expect, it } from 'vitest'
import { nodeRuntime } from '../../node/runtime/node-runtime.js'
import { randomStream } from '../random.js'
import { minimize } from './lbfgs.js'
import { type LabelledFeatures, logisticObjective } from './logistic-objective.js'

interface Solution {
  readonly strength: number
  readonly weights: number[][]
  readonly bias: number[]
}

interface Case {
  readonly classes: number
  readonly dims: number
  readonly features: number[][]
  readonly labels: number[]
  readonly solutions: Solution[]
}

const path = new URL('../../../test/fixtures/logistic-regression.json', import.meta.url)
const { cases } = JSON.parse(readFileSync(path, 'utf8')) as { cases: Case[] }
const runtime = nodeRuntime({ threads: 1 })
afterAll(() => runtime.close())

const dataOf = ({ features, labels }: Case): LabelledFeatures => ({
  features: Float32Array.from(features.flat()),
  labels: Int32Array.from(labels),
})

describe('the objective of logistic regression', () => {
  const classes = 3
  const random = randomStream(1, 'logistic')
  const data: LabelledFeatures = {
    features: Float32Array.from({ length: 7 * 4 }, () => random.normal()),
    labels: Int32Array.of(0, 1, 2, 0, 1, 2, 2),
  }

  it('is the number of images times log of the number of classes without weights', async () => {
    const objective = await logisticObjective(runtime, data, classes)
    expect(objective.size).toBe(3 * 5)
    const { value } = await objective.evaluate(new Float64Array(15), 1)
    expect(value).toBeCloseTo(7 * Math.log(3), 5)
    await objective.release()
  })

  it('has the gradient of its finite differences, with a penalty that leaves out the biases', async () => {
    const objective = await logisticObjective(runtime, data, classes)
    const strength = 0.3
    const at = Float64Array.from({ length: objective.size }, () => random.normal())
    const { gradient } = await objective.evaluate(at, strength)
    const step = 1e-2
    for (const i of at.keys()) {
      const shifted = async (by: number) => {
        const x = Float64Array.from(at)
        x[i]! += by
        return (await objective.evaluate(x, strength)).value
      }
      const slope = ((await shifted(step)) - (await shifted(-step))) / (2 * step)
      expect(Math.abs(gradient[i]! - slope)).toBeLessThan(2e-3)
    }
    const weak = await objective.evaluate(at, 1e9)
    const squares = at.slice(0, 12).reduce((sum, w) => sum + w * w, 0)
    const { value } = await objective.evaluate(at, strength)
    expect(value - weak.value).toBeCloseTo(squares / 2 / strength, 4)
    for (const c of [12, 13, 14]) expect(gradient[c]).toBe(weak.gradient[c])
    await objective.release()
  })

  it('keeps the digits of losses too small for float32 beside 1', async () => {
    const apart: LabelledFeatures = { features: Float32Array.of(1, -1), labels: Int32Array.of(0, 1) }
    const objective = await logisticObjective(runtime, apart, 2)
    const { value, gradient } = await objective.evaluate(Float64Array.of(15, -15, 0, 0), Infinity)
    const loss = Math.log1p(Math.exp(-30))
    expect(value / (2 * loss)).toBeCloseTo(1, 4)
    expect(gradient[0]! / (-2 * loss)).toBeCloseTo(1, 4)
    await objective.release()
  })

  it('stays finite where another class leads by far', async () => {
    const apart: LabelledFeatures = { features: Float32Array.of(1, -1), labels: Int32Array.of(0, 1) }
    const objective = await logisticObjective(runtime, apart, 2)
    const { value, gradient } = await objective.evaluate(Float64Array.of(-500, 500, 0, 0), Infinity)
    expect(value).toBe(2000)
    expect([...gradient.slice(0, 2)]).toEqual([-2, 2])
    await objective.release()
  })
})

describe('its minimum is that of scikit-learn', () => {
  it.each(
    cases.flatMap((entry) =>
      entry.solutions.map((solution) => ({
        entry,
        solution,
        classes: entry.classes,
        strength: solution.strength,
      })),
    ),
  )('with $classes classes and C = $strength', async ({ entry, solution }) => {
    const { classes, dims } = entry
    const objective = await logisticObjective(runtime, dataOf(entry), classes)
    const { x } = await minimize(
      (parameters) => objective.evaluate(parameters, solution.strength),
      new Float64Array(objective.size),
      { gradientTolerance: 1e-5, valueTolerance: -1 },
    )
    await objective.release()
    const row = (c: number) => [...x.slice(c * dims, (c + 1) * dims), x[classes * dims + c]!]
    const expected = solution.weights.map((weights, c) => [...weights, solution.bias[c]!])
    const found =
      classes === 2
        ? [row(1).map((w, i) => w - row(0)[i]!)]
        : Array.from({ length: classes }, (_, c) => row(c))
    const scale = Math.max(...expected.flat().map(Math.abs))
    for (const [c, values] of expected.entries()) {
      for (const [i, value] of values.entries()) {
        expect(Math.abs(found[c]![i]! - value) / scale).toBeLessThan(2e-5)
      }
    }
  })
})
