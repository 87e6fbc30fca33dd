import { join } from 'node:path'
import { evaluateLogits, predictions } from '../../../core/evaluate/metrics.js'
import { gaussianWeights } from '../../../core/methods/prompt-aggregation.js'
import { learningRate, type ScheduleConfig } from '../../../core/train/schedule.js'
import { sgd } from '../../../core/train/sgd.js'
import { compareEqual, compareFigures, compareNumber, judged, maxDifference } from '../deviation.js'
import { readJson } from '../golden-files.js'
import type { Check } from './check.js'

interface GoldenSchedule {
  readonly lr: number
  readonly max_epoch: number
  readonly warmup_type: 'constant' | 'linear' | null
  readonly warmup_epoch: number
  readonly warmup_cons_lr: number
  readonly warmup_min_lr: number
  readonly warmup_recount: boolean
  readonly lr_per_epoch: readonly number[]
  readonly lr_after_last: number
}

interface GoldenWeights {
  readonly mean: number
  readonly std: number
  readonly epochs: number
  readonly weights: readonly number[]
}

interface GoldenSgd {
  readonly lr: number
  readonly momentum: number
  readonly weight_decay: number
  readonly dampening: number
  readonly nesterov: boolean
  readonly grads: readonly (readonly number[])[]
  readonly params: readonly (readonly number[])[]
}

interface GoldenEvaluation {
  readonly logits: readonly (readonly number[])[]
  readonly labels: readonly number[]
  readonly pred: readonly number[]
  readonly result: {
    readonly accuracy: number
    readonly macro_f1: number
    readonly perclass_accuracy: number
  }
}

/** Rounding of figures computed in double precision, relative. */
const DOUBLE = 1e-12
/** Rounding of a few float32 steps on values of order one. */
const SINGLE = 1e-6

/** Learning rates and aggregation weights of every epoch. */
export const schedulesCheck: Check = {
  name: 'schedules',
  path: 'schedules.json',
  async *run({ root }) {
    const { lr, gpa } = await readJson<{ lr: GoldenSchedule[]; gpa: GoldenWeights[] }>(join(root, this.path))
    const rates = lr.map((entry, i) => {
      const expected = [...entry.lr_per_epoch, entry.lr_after_last]
      const computed = expected.map((_, epoch) => learningRate(scheduleOf(entry), epoch + 1))
      return compareFigures(`setting ${i}`, computed, expected, DOUBLE)
    })
    yield judged('schedules/learning rate', rates)
    const weights = gpa.map((entry) => {
      const name = `mean ${entry.mean}, std ${entry.std}, ${entry.epochs} epochs`
      return compareFigures(name, gaussianWeights(entry, entry.epochs), entry.weights, DOUBLE)
    })
    yield judged('schedules/aggregation', weights)
  },
}

function scheduleOf(entry: GoldenSchedule): ScheduleConfig {
  const base = { lr: entry.lr, epochs: entry.max_epoch, decay: { type: 'cosine' } as const }
  const common = { epochs: entry.warmup_epoch, recount: entry.warmup_recount }
  switch (entry.warmup_type) {
    case 'constant':
      return { ...base, warmup: { ...common, type: 'constant', lr: entry.warmup_cons_lr } }
    case 'linear':
      return { ...base, warmup: { ...common, type: 'linear', minLr: entry.warmup_min_lr } }
    default:
      return base
  }
}

/** Steps of stochastic gradient descent. */
export const sgdCheck: Check = {
  name: 'sgd',
  path: 'sgd.json',
  async *run({ root }) {
    const settings = await readJson<GoldenSgd[]>(join(root, this.path))
    const comparisons = settings.map(
      ({ lr, momentum, weight_decay, dampening, nesterov, grads, params }, i) => {
        const optimizer = sgd({ momentum, weightDecay: weight_decay, dampening, nesterov })
        let state = optimizer.init()
        let current: ReadonlyMap<string, Float32Array> = new Map([['p', Float32Array.from(params[0]!)]])
        const errors = grads.map((grad, step) => {
          const next = optimizer.update(current, new Map([['p', Float32Array.from(grad)]]), state, lr)
          state = next.state
          current = next.params
          return maxDifference(current.get('p')!, params[step + 1]!)
        })
        return { name: `setting ${i}`, error: Math.max(...errors), tolerance: SINGLE }
      },
    )
    yield judged('sgd', comparisons)
  },
}

/** Predictions, ties included, and test figures. */
export const evaluatorCheck: Check = {
  name: 'evaluator',
  path: 'evaluator.json',
  async *run({ root }) {
    const { logits, labels, pred, result } = await readJson<GoldenEvaluation>(join(root, this.path))
    const classes = logits[0]!.length
    const flat = Float32Array.from(logits.flat())
    const metrics = evaluateLogits(flat, labels, classes)
    yield judged('evaluator', [
      compareEqual('predictions', [...predictions(flat, classes)], pred),
      compareNumber('accuracy', metrics.accuracy, result.accuracy, 1e-9),
      compareNumber('macro_f1', metrics.macroF1, result.macro_f1, 1e-9),
      compareNumber('perclass_accuracy', metrics.meanPerClassAccuracy, result.perclass_accuracy, 1e-9),
    ])
  },
}
