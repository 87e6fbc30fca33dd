import {
  add,
  concat,
  type HostTensor,
  input,
  inputsOf,
  max,
  mul,
  reshape,
  sign,
  sizeOf,
  slice,
  sub,
  sum,
  type Tensor,
} from '../graph/index.js'
import { NEXT } from '../runtime/carried.js'
import type { Session, TensorMap } from '../runtime/session.js'
import type { SymbolicOptimizer } from './optimizer.js'
import { GRADIENT, type StepGraphOptions, TERM, variesByStep } from './step-graph.js'
import { diverged, type Learned, type StepFeeds, type StepResult, type Steps } from './steps.js'

/** Input of the numbers that an update takes: [numbers]. */
const NUMBERS = 'numbers'

/** What the last steps found, a row each: [{@link ROWS}, terms + 2]. */
const LOG = 'log'

/** Steps that are made before their figures are fetched: the device need not be waited for more often. */
const ROWS = 16

/**
 * A step whose update is part of it, so that nothing comes back: what is learned, the optimizer's buffers, what all steps read
 * and the figures of the last steps are carried from run to run. A row of the log has the loss terms, the number of right
 * answers and the sum of all gradients' squares.
 *
 * @param step what {@link stepGraph} gives for these options
 */
export function deviceStep(
  step: Readonly<Record<string, Tensor>>,
  optimizer: SymbolicOptimizer,
  { method, batchSize }: Pick<StepGraphOptions, 'method' | 'batchSize'>,
): Record<string, Tensor> {
  const count = optimizer.numbers(0, 0).length
  const given = input(NUMBERS, [count])
  const numbers = Array.from({ length: count }, (_, i) => reshape(slice(given, 0, i, i + 1), []))
  const next: Record<string, Tensor> = {}
  for (const x of inputsOf(Object.values(step))) {
    const { name } = x.origin as { readonly name: string }
    if (!variesByStep(name, method)) next[name] = x
  }
  const cells: Tensor[] = []
  const squares: Tensor[] = []
  for (const [output, value] of Object.entries(step)) {
    if (output.startsWith(TERM)) cells.push(value)
    if (!output.startsWith(GRADIENT)) continue
    const name = output.slice(GRADIENT.length)
    const kinds = optimizer.buffers.map((kind) => `${kind}.${name}`)
    const [param, ...buffers] = [name, ...kinds].map((own) => input(own, value.shape))
    const updated = optimizer.update(name, { param: param!, grad: value, buffers }, numbers)
    next[name] = updated.param
    for (const [i, kind] of kinds.entries()) next[kind] = updated.buffers[i]!
    squares.push(sum(mul(value, value)))
  }
  const labels = input('labels', [batchSize, method.classNames.length])
  cells.push(rightAnswers(step.logits!, labels), squares.reduce(add))
  const row = cells.map((cell) => reshape(cell, [1, 1]))
  next[LOG] = concat([slice(input(LOG, [ROWS, row.length]), 0, 1, ROWS), concat(row, 1)], 0)
  return Object.fromEntries(Object.entries(next).map(([name, value]) => [NEXT + name, value]))
}

/** How many images' own class has the largest logit: 1 - sign(largest - own), summed. */
function rightAnswers(logits: Tensor, labels: Tensor): Tensor {
  const own = sum(mul(logits, labels), [1])
  return sum(sub(1, sign(sub(max(logits, [1]), own))))
}

/** Steps that are made on a device: figures are fetched many at once, what is learned when the steps are settled. */
export class DeviceSteps implements Steps {
  /** Steps since what is learned was fetched. */
  private since = 0
  /** Those of them whose figures have not been fetched, in order. */
  private open: Pick<StepFeeds, 'learningRate' | 'epoch'>[] = []
  /** What the next run is given, since the device does not have it. */
  private given: TensorMap

  /**
   * @param session of {@link deviceStep}
   * @param terms names of the loss terms, in the graph's order
   * @param fixed what all steps read alike beside what is learned
   */
  constructor(
    private readonly session: Session,
    private readonly optimizer: SymbolicOptimizer,
    private readonly terms: readonly string[],
    private readonly fixed: Readonly<Record<string, HostTensor>>,
    private state: Learned,
  ) {
    this.given = this.all()
  }

  get learned(): Learned {
    return this.state
  }

  get made(): number {
    return this.state.optimizer.step + this.since
  }

  begin(from: Learned): void {
    this.state = from
    this.since = 0
    this.open = []
    this.given = this.all()
  }

  async make({ inputs, learningRate, epoch }: StepFeeds): Promise<readonly StepResult[]> {
    const numbers = Float32Array.from(this.optimizer.numbers(this.made, learningRate))
    const { given } = this
    this.given = {}
    await this.session.run({ ...given, ...inputs, [NUMBERS]: { shape: [numbers.length], data: numbers } })
    this.since++
    this.open.push({ learningRate, epoch })
    return this.open.length < ROWS ? [] : this.figures(await this.session.carried([LOG]))
  }

  async settle(): Promise<readonly StepResult[]> {
    if (this.since === 0) return []
    const { parameters, optimizer } = this.state
    const buffers = Object.keys(this.session.graph.inputs).filter((name) => this.isBuffer(name))
    const carried = await this.session.carried([LOG, ...parameters.keys(), ...buffers])
    const results = this.figures(carried)
    this.state = {
      parameters: new Map([...parameters].map(([name, data]) => [name, carried[name]?.data ?? data])),
      optimizer: {
        step: optimizer.step + this.since,
        buffers: new Map(buffers.map((name) => [name, carried[name]!.data])),
      },
    }
    this.since = 0
    return results
  }

  /** The figures of the steps that are open: the last rows of the log. */
  private figures({ [LOG]: log }: Readonly<Record<string, HostTensor>>): StepResult[] {
    const { open, terms } = this
    const width = terms.length + 2
    const names = [...terms, 'a logit', 'a gradient']
    this.open = []
    return open.map((feeds, i) => {
      const start = (ROWS - open.length + i) * width
      const row = log!.data.subarray(start, start + width)
      const bad = names.find((_, column) => !Number.isFinite(row[column]))
      if (bad !== undefined) {
        const step = this.made - open.length + i + 1
        this.begin(this.state)
        throw diverged(bad, step, feeds)
      }
      const losses = Object.fromEntries(terms.map((term, column) => [term, row[column]!]))
      return { learningRate: feeds.learningRate, losses, correct: row[terms.length]!, outputs: {} }
    })
  }

  private isBuffer(name: string): boolean {
    return this.optimizer.buffers.some((kind) => name.startsWith(`${kind}.`))
  }

  /** All that is carried, as it is at the start. */
  private all(): TensorMap {
    const { parameters, optimizer } = this.state
    const known = new Map([...parameters, ...optimizer.buffers])
    const values: Record<string, HostTensor> = {}
    for (const [name, shape] of Object.entries(this.session.graph.inputs)) {
      const fresh = name === LOG || this.isBuffer(name)
      const data = known.get(name) ?? (fresh ? new Float32Array(sizeOf(shape)) : undefined)
      if (data) values[name] = { shape, data }
    }
    return { ...values, ...this.fixed }
  }
}
