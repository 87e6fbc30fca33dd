import { fillTemplate, readableClassName } from '../clip/templates.js'
import { classFeatures, encodeTexts, type TextFeatureCache } from '../clip/text-features.js'
import { TrainingError } from '../errors.js'
import { predictions } from '../evaluate/metrics.js'
import { encodeGraph, type HostTensor } from '../graph/index.js'
import { type ConfiguredMethod, type Examples, exampleWidth, type ParameterSpec } from '../methods/method.js'
import { sizedParameters } from '../methods/parameter-shape.js'
import { type AggregationState, gaussianAggregation } from '../methods/prompt-aggregation.js'
import { randomStream } from '../random.js'
import { unitRows } from '../rows.js'
import type { Runtime, Session } from '../runtime/session.js'
import type { Optimizer, OptimizerState, Tensors } from './optimizer.js'
import { learningRate, type ScheduleConfig } from './schedule.js'
import { DRAWN, FROZEN_IMAGES, GRADIENT, ONCE, TEACHER, TERM } from './step-graph.js'
import { type FittedStep, fittedStep, stepBytes } from './step-memory.js'

/** What a trainer needs. Images and files are the caller's. */
export interface TrainerOptions {
  readonly runtime: Runtime
  readonly method: ConfiguredMethod
  /** The training images, for methods that learn from features. */
  readonly examples?: Omit<Examples, 'text'> | undefined
  readonly batchSize: number
  /** Classes whose texts are encoded at once, to take less memory. Default: as many as {@link memory} allows. */
  readonly classesAtOnce?: number | undefined
  /** Bytes that a process may take; beyond, classes are encoded some at a time. Default: no limit. */
  readonly memory?: number | undefined
  /** Steps are given the images' frozen features instead of computing them. */
  readonly frozenImages?: boolean | undefined
  readonly optimizer: Optimizer
  readonly schedule: ScheduleConfig
  readonly seed: number
  /** Keeps the teacher's text features for later processes. */
  readonly textCache?: TextFeatureCache | undefined
  /** Parameters to start from instead of the method's initialisation. */
  readonly initial?: Tensors
  /** Keep features among the outputs of a step, for inspection. */
  readonly inspect?: boolean
}

/** Everything that training depends on between two epochs; what a checkpoint holds. */
export interface TrainerState {
  /** Epochs finished. */
  readonly epoch: number
  readonly parameters: Tensors
  readonly optimizer: OptimizerState
  readonly aggregation?: AggregationState
}

/** Figures of one step. */
export interface StepResult {
  readonly learningRate: number
  /** The method's terms by name; `total` is the loss. */
  readonly losses: Readonly<Record<string, number>>
  /** Right answers among the batch. */
  readonly correct: number
  readonly outputs: Readonly<Record<string, HostTensor>>
}

/** Trains a method's prompts: the compiled step, the optimizer, the schedule and aggregation over epochs. */
export class Trainer implements AsyncDisposable {
  private constructor(
    private readonly options: TrainerOptions,
    readonly specs: readonly ParameterSpec[],
    private readonly session: Session,
    /** The teacher's text features before normalising: [classes, embedDim]. */
    readonly teacher: Float32Array | undefined,
    /** The same by each template alone, where every step draws one. */
    private readonly templates: readonly Float32Array[],
    /** What all steps read, by the names of their inputs. */
    private readonly once: Readonly<Record<string, HostTensor>>,
    private current: TrainerState,
    /** Classes whose texts are encoded at once, where these are not all. */
    readonly classesAtOnce: number | undefined,
    /** Estimate of the process's peak memory, in bytes. */
    readonly memory: number,
  ) {}

  /** The step of the options, which is not compiled yet. Throws UserErrors of the tokenizer. */
  static plan({
    method,
    examples,
    batchSize,
    classesAtOnce,
    memory,
    frozenImages,
    inspect,
  }: Pick<
    TrainerOptions,
    'method' | 'examples' | 'batchSize' | 'classesAtOnce' | 'memory' | 'frozenImages' | 'inspect'
  >): Promise<FittedStep> {
    const parameters = sizedParameters(method.parameters, examples?.labels.length)
    const shots = (examples?.labels.length ?? 0) / method.classNames.length
    const options = {
      method,
      parameters,
      batchSize,
      classesAtOnce,
      shots,
      frozenImages,
      ...(inspect ? { inspect } : {}),
    }
    return fittedStep(options, memory)
  }

  /**
   * Compiles the step and encodes the teacher's texts. Throws UserErrors of the tokenizer.
   *
   * @param planned what {@link Trainer.plan} gave for the same options
   */
  static async create(options: TrainerOptions, planned?: FittedStep): Promise<Trainer> {
    const { runtime, method, seed, examples } = options
    const { clip, classNames, teacher: texts } = method
    const specs = sizedParameters(method.parameters, examples?.labels.length)
    const step = planned ?? (await Trainer.plan(options))
    // The step's weights are read while the runtime encodes the teacher's texts.
    const compiling = runtime.compile(step.graph)
    const freed = async (error: unknown): Promise<never> => {
      await compiling.then(
        (compiled) => compiled.release(),
        () => {},
      )
      throw error
    }
    const [teacher, session] = await Promise.all([
      texts && classFeatures(clip, runtime, classNames, texts, { cache: options.textCache }),
      compiling,
    ]).catch(freed)
    const templates =
      texts && method.drawsTemplate ? await templateFeatures(options, texts.templates).catch(freed) : []
    const once = await computedOnce(options).catch(freed)
    const known = examples && { ...examples, text: teacher && unitRows(teacher, clip.config.embedDim) }
    const parameters = new Map<string, Float32Array>()
    for (const spec of specs) {
      const given = options.initial?.get(spec.name)
      parameters.set(
        spec.name,
        given ?? (await spec.init(randomStream(seed, 'init', spec.stream ?? spec.name), known)),
      )
    }
    const aggregation = aggregationOf(options)
    const state = {
      epoch: 0,
      parameters,
      optimizer: options.optimizer.init(),
      ...(aggregation ? { aggregation: aggregation.init() } : {}),
    }
    const { classesAtOnce, graph } = step
    return new Trainer(
      options,
      specs,
      session,
      teacher,
      templates,
      once,
      state,
      classesAtOnce,
      stepBytes(graph),
    )
  }

  /** The state after the last finished epoch, plus the steps made since. */
  get state(): TrainerState {
    return this.current
  }

  /** Continues from a state of a trainer of the same options. */
  restore(state: TrainerState): void {
    this.current = state
  }

  /** Floating-point operations of a step in matrix products. */
  get flops(): number {
    return this.session.graph.flops
  }

  /** Learning rate of the epoch in progress. */
  get learningRate(): number {
    return learningRate(this.options.schedule, this.current.epoch + 1)
  }

  /**
   * One step on a batch.
   *
   * @param images normalised pixels [B, 3, R, R], or the method's features [B, width]
   * @param labels class indices [B]
   * @param frozenImages the images' frozen features, not normalised [B, embedDim], where they are given to steps
   * @throws TrainingError when the loss is not finite; the parameters are then as before the step.
   */
  async step(
    images: Float32Array,
    labels: ArrayLike<number>,
    frozenImages?: Float32Array,
  ): Promise<StepResult> {
    const { batchSize, method } = this.options
    const { clip, classNames } = method
    const width = exampleWidth(method)
    const outputs = await this.session.run({
      images: {
        shape: width ? [batchSize, width] : [batchSize, ...clip.imageTower.inputs],
        data: images,
      },
      labels: oneHot(labels, classNames.length),
      ...(this.teacher
        ? {
            [TEACHER]: {
              shape: [classNames.length, clip.config.embedDim],
              data: this.stepTeacher(this.teacher),
            },
          }
        : {}),
      ...(frozenImages
        ? { [FROZEN_IMAGES]: { shape: [batchSize, clip.config.embedDim], data: frozenImages } }
        : {}),
      ...this.drawnInputs(),
      ...this.once,
      ...this.parameterInputs(),
    })
    const losses: Record<string, number> = {}
    const grads = new Map<string, Float32Array>()
    for (const [name, { data }] of Object.entries(outputs)) {
      if (name.startsWith(TERM)) losses[name.slice(TERM.length)] = data[0]!
      if (name.startsWith(GRADIENT)) grads.set(name.slice(GRADIENT.length), data)
    }
    const rate = this.learningRate
    this.checkFinite(losses, grads, rate)
    const { params, state } = this.options.optimizer.update(
      this.current.parameters,
      grads,
      this.current.optimizer,
      rate,
    )
    this.current = { ...this.current, parameters: params, optimizer: state }
    return { learningRate: rate, losses, correct: countCorrect(outputs.logits!, labels), outputs }
  }

  /**
   * Ends an epoch: adds its prompts to the aggregate, and after the last epoch puts the aggregate in their place
   * (the optimizer's state is left as it is).
   */
  endEpoch(): void {
    const epoch = this.current.epoch + 1
    const aggregation = aggregationOf(this.options)
    if (!aggregation) {
      this.current = { ...this.current, epoch }
      return
    }
    const sum = aggregation.add(this.current.aggregation!, epoch, this.current.parameters)
    const parameters =
      epoch === this.options.schedule.epochs ? aggregation.result(sum) : this.current.parameters
    this.current = { ...this.current, epoch, aggregation: sum, parameters }
  }

  /** Frees the compiled step, as `await using` does. */
  async release(): Promise<void> {
    await this.session.release()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.release()
  }

  /** The teacher's text features of this step; which template is drawn depends on the step's number alone, as all draws do. */
  private stepTeacher(teacher: Float32Array): Float32Array {
    const { length } = this.templates
    if (length === 0) return teacher
    const random = randomStream(this.options.seed, 'template', this.current.optimizer.step)
    return this.templates[Math.floor(random.uniform() * length)]!
  }

  /** Draws depend on the step's number alone, so that a resumed run continues as it would have. */
  private drawnInputs(): Record<string, HostTensor> {
    const { method, seed } = this.options
    const random = randomStream(seed, 'draws', this.current.optimizer.step)
    const draws = Object.entries(method.draws?.(random) ?? {})
    return Object.fromEntries(draws.map(([name, tensor]) => [DRAWN + name, tensor]))
  }

  private parameterInputs(): Record<string, HostTensor> {
    return Object.fromEntries(
      this.specs.map(({ name, shape }) => [name, { shape, data: this.current.parameters.get(name)! }]),
    )
  }

  private checkFinite(losses: Record<string, number>, grads: Tensors, rate: number): void {
    const bad =
      Object.keys(losses).find((name) => !Number.isFinite(losses[name])) ??
      [...grads.keys()].find((name) => grads.get(name)!.some((value) => !Number.isFinite(value)))
    if (bad === undefined) return
    const step = this.current.optimizer.step + 1
    throw new TrainingError(
      `training diverged: ${bad} is not a finite number at step ${step} (epoch ${this.current.epoch + 1}, learning rate ${rate})`,
      { hint: 'Lower the learning rate, or check the images and the model for damaged values.' },
    )
  }
}

/** Frozen features of the classes by each template alone, not normalised: [classes, embedDim] each. */
async function templateFeatures(
  { runtime, method: { clip, classNames } }: TrainerOptions,
  templates: readonly string[],
): Promise<Float32Array[]> {
  const texts = templates.flatMap((template) =>
    classNames.map((name) => fillTemplate(template, readableClassName(name))),
  )
  const features = await encodeTexts(clip, runtime, texts)
  const size = features.length / templates.length
  return templates.map((_, t) => features.subarray(t * size, (t + 1) * size))
}

/** What a method has computed once, as inputs of steps. */
async function computedOnce({
  runtime,
  method: { once },
}: TrainerOptions): Promise<Record<string, HostTensor>> {
  if (!once) return {}
  const session = await runtime.compile(await encodeGraph(once))
  try {
    const found = Object.entries(await session.run({}))
    return Object.fromEntries(
      found.map(([name, { shape, data }]) => [ONCE + name, { shape, data: data.slice() }]),
    )
  } finally {
    await session.release()
  }
}

function aggregationOf({ method: { aggregation }, schedule }: TrainerOptions) {
  return aggregation && gaussianAggregation(aggregation, schedule.epochs)
}

/** One-hot rows of labels: [labels, classes]. */
function oneHot(labels: ArrayLike<number>, classes: number): HostTensor {
  const data = new Float32Array(labels.length * classes)
  for (let i = 0; i < labels.length; i++) data[i * classes + labels[i]!] = 1
  return { shape: [labels.length, classes], data }
}

function countCorrect({ shape, data }: HostTensor, labels: ArrayLike<number>): number {
  return predictions(data, shape[1]!).reduce((n, label, i) => n + (label === labels[i] ? 1 : 0), 0)
}
