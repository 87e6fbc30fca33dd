import type { Model } from '../../src/core/model.js'
import { trainPrompts } from '../../src/core/train/train-prompts.js'
import { toyDataset } from '../../src/core/world/datasets.js'

/** How a training begins: the learned values before the first step, and the loss of each step. */
export interface FirstSteps {
  readonly initial: Readonly<Record<string, readonly number[]>>
  readonly losses: readonly number[]
}

/** The first steps of a training on the drawn data, by the trainer as it is. Also bundled for the browser. */
export async function firstSteps(model: Model, method = 'promptsrc', steps = 6): Promise<FirstSteps> {
  const initial: Record<string, readonly number[]> = {}
  const losses: number[] = []
  const training = trainPrompts({
    model,
    data: toyDataset('toy'),
    method,
    classes: 'base',
    shots: 2,
    epochs: 2,
    batchSize: 4,
    learningRate: 0.01,
  })
  for await (const event of training) {
    if (event.type === 'start') {
      for (const [name, values] of event.trainer.state.parameters) initial[name] = [...values]
    }
    if (event.type === 'step') losses.push(event.losses.total!)
    if (losses.length === steps) break
  }
  return { initial, losses }
}
