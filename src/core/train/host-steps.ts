import { predictions } from '../evaluate/metrics.js'
import type { HostTensor } from '../graph/index.js'
import type { Session, TensorMap } from '../runtime/session.js'
import type { Optimizer, Tensors } from './optimizer.js'
import { GRADIENT, LOSS_SCALE, TERM } from './step-graph.js'
import { diverged, type Learned, type StepFeeds, type StepResult, type Steps } from './steps.js'

/** Factors of the loss that are tried in turn: powers of two, which round nothing. */
const LOSS_SCALES = [1024, 32, 1] as const

/** Steps whose gradients come back, so that the optimizer is computed here, in the same bits on every machine. */
export class HostSteps implements Steps {
  /** @param fixed what all steps read alike beside what is learned */
  constructor(
    private readonly session: Session,
    private readonly optimizer: Optimizer,
    private readonly fixed: TensorMap,
    private state: Learned,
  ) {}

  get learned(): Learned {
    return this.state
  }

  get made(): number {
    return this.state.optimizer.step
  }

  begin(from: Learned): void {
    this.state = from
  }

  async make(feeds: StepFeeds): Promise<readonly StepResult[]> {
    const { learningRate } = feeds
    const { parameters, optimizer } = this.state
    const { outputs, losses, grads, bad } = await this.computed({
      ...this.fixed,
      ...feeds.inputs,
      ...this.parameterInputs(parameters),
    })
    if (bad !== undefined) throw diverged(bad, this.made + 1, feeds)
    const { params, state } = this.optimizer.update(parameters, grads, optimizer, learningRate)
    this.state = { parameters: params, optimizer: state }
    return [{ learningRate, losses, correct: countCorrect(outputs.logits!, feeds.labels), outputs }]
  }

  async settle(): Promise<readonly StepResult[]> {
    return []
  }

  /**
   * Losses and gradients. Where the loss is scaled, by the first factor that lets none of them overflow: a choice that depends
   * on the step alone, so that a resumed run makes it again.
   */
  private async computed(inputs: TensorMap) {
    const scaled = Object.hasOwn(this.session.graph.inputs, LOSS_SCALE)
    const [first, ...smaller] = scaled ? LOSS_SCALES : ([1] as const)
    let found = await this.run(inputs, first)
    for (const factor of smaller) {
      // What is wrong with a loss is so by any factor.
      if (found.bad === undefined || Object.hasOwn(found.losses, found.bad)) break
      found = await this.run(inputs, factor)
    }
    return found
  }

  private async run(inputs: TensorMap, factor: number) {
    const scale = { shape: [1], data: Float32Array.of(factor) }
    const outputs = await this.session.run({ ...inputs, [LOSS_SCALE]: scale })
    const losses: Record<string, number> = {}
    const grads = new Map<string, Float32Array>()
    for (const [name, { data }] of Object.entries(outputs)) {
      if (name.startsWith(TERM)) losses[name.slice(TERM.length)] = data[0]!
      if (name.startsWith(GRADIENT)) grads.set(name.slice(GRADIENT.length), data)
    }
    return { outputs, losses, grads, bad: notFinite(losses, grads) }
  }

  private parameterInputs(parameters: Tensors): Record<string, HostTensor> {
    const { inputs } = this.session.graph
    return Object.fromEntries(
      [...parameters].flatMap(([name, data]) =>
        Object.hasOwn(inputs, name) ? [[name, { shape: inputs[name]!, data }]] : [],
      ),
    )
  }
}

/** The first loss or gradient that has a value which is no number. */
function notFinite(losses: Readonly<Record<string, number>>, grads: Tensors): string | undefined {
  return (
    Object.keys(losses).find((name) => !Number.isFinite(losses[name])) ??
    [...grads.keys()].find((name) => grads.get(name)!.some((value) => !Number.isFinite(value)))
  )
}

function countCorrect({ shape, data }: HostTensor, labels: ArrayLike<number>): number {
  return predictions(data, shape[1]!).reduce((n, label, i) => n + (label === labels[i] ? 1 : 0), 0)
}
