import type { Runtime } from '../runtime/session.js'
import { type MinimizeOptions, minimize } from './lbfgs.js'
import type { LinearWeights } from './linear-logits.js'
import { type LabelledFeatures, logisticObjective } from './logistic-objective.js'

/** Fits a regression with a given C. */
export type Regression = (strength: number, options?: MinimizeOptions) => Promise<LinearWeights>

/** Calls `use` with a logistic regression on these features, which it may fit any number of times. */
export async function withRegression<T>(
  runtime: Runtime,
  train: LabelledFeatures,
  classes: number,
  use: (regress: Regression) => Promise<T>,
): Promise<T> {
  const objective = await logisticObjective(runtime, train, classes)
  try {
    return await use(async (strength, options) => {
      const { x } = await minimize(
        (parameters) => objective.evaluate(parameters, strength),
        new Float64Array(objective.size),
        options,
      )
      const values = Float32Array.from(x)
      const biases = objective.size - classes
      return { weights: values.slice(0, biases), bias: values.slice(biases) }
    })
  } finally {
    await objective.release()
  }
}
