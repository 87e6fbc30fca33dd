import type { TextFeatureCache } from '../clip/text-features.js'
import type { ConfiguredMethod, Examples, ParameterSpec } from '../methods/method.js'
import { sizedParameters } from '../methods/parameter-shape.js'
import { type AggregationState, gaussianAggregation } from '../methods/prompt-aggregation.js'
import { randomStream } from '../random.js'
import { unitRows } from '../rows.js'
import type { Runtime, Session } from '../runtime/session.js'
import { DeviceSteps } from './device-steps.js'
import { HostSteps } from './host-steps.js'
import type { Optimizer, OptimizerState, Tensors } from './optimizer.js'
import { learningRate, type ScheduleConfig } from './schedule.js'
import { StepInputs } from './step-inputs.js'
import { type FittedStep, fittedStep, stepBytes } from './step-memory.js'
import type { StepResult, Steps } from './steps.js'

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

/** What a step is planned from. */
export type StepPlanOptions = Pick<
  TrainerOptions,
  'method' | 'examples' | 'batchSize' | 'classesAtOnce' | 'memory' | 'frozenImages' | 'inspect'
> &
  /** Where they are given, the step is the one that this device makes. */
  Partial<Pick<TrainerOptions, 'runtime' | 'optimizer'>>

/** Trains a method's prompts: the compiled step, the optimizer, the schedule and aggregation over epochs. */
export class Trainer implements AsyncDisposable {
  private constructor(
    private readonly options: TrainerOptions,
    readonly specs: readonly ParameterSpec[],
    private readonly session: Session,
    private readonly inputs: StepInputs,
    private readonly steps: Steps,
    /** Classes whose texts are encoded at once, where these are not all. */
    readonly classesAtOnce: number | undefined,
    /** Estimate of the process's peak memory, in bytes. */
    readonly memory: number,
    /** Epochs finished, and what was aggregated over them. */
    private past: Pick<TrainerState, 'epoch' | 'aggregation'>,
  ) {}

  /** The step of the options, which is not compiled yet. Throws UserErrors of the tokenizer. */
  static plan(options: StepPlanOptions): Promise<FittedStep> {
    const { method, examples, batchSize, classesAtOnce, memory, frozenImages, inspect } = options
    const { optimizer, runtime } = options
    const step = {
      method,
      parameters: sizedParameters(method.parameters, examples?.labels.length),
      batchSize,
      classesAtOnce,
      shots: (examples?.labels.length ?? 0) / method.classNames.length,
      frozenImages,
      scalesLoss: runtime?.precision === 'fp16',
      ...(inspect ? { inspect } : {}),
      onDevice: updatesOnDevice(options) ? optimizer?.symbolic : undefined,
    }
    return fittedStep(step, memory)
  }

  /**
   * Compiles the step and encodes the teacher's texts. Throws UserErrors of the tokenizer.
   *
   * @param planned what {@link Trainer.plan} gave for the same options
   */
  static async create(options: TrainerOptions, planned?: FittedStep): Promise<Trainer> {
    const { runtime, method, seed, examples, optimizer, initial } = options
    const specs = sizedParameters(method.parameters, examples?.labels.length)
    const step = planned ?? (await Trainer.plan(options))
    // The step's weights are read while the runtime encodes the teacher's texts.
    const compiling = runtime.compile(step.graph)
    const [inputs, session] = await Promise.all([StepInputs.create(options), compiling]).catch(
      async (error: unknown) => {
        await compiling.then(
          (compiled) => compiled.release(),
          () => {},
        )
        throw error
      },
    )
    const { teacher, fixed } = inputs
    const known = examples && { ...examples, text: teacher && unitRows(teacher, method.clip.config.embedDim) }
    const parameters = new Map<string, Float32Array>()
    for (const spec of specs) {
      const given = initial?.get(spec.name)
      parameters.set(
        spec.name,
        given ?? (await spec.init(randomStream(seed, 'init', spec.stream ?? spec.name), known)),
      )
    }
    const learned = { parameters, optimizer: optimizer.init() }
    const steps = step.terms
      ? new DeviceSteps(session, optimizer.symbolic, step.terms, fixed, learned)
      : new HostSteps(session, optimizer, fixed, learned)
    const aggregation = aggregationOf(options)?.init()
    const past = { epoch: 0, ...(aggregation ? { aggregation } : {}) }
    const { classesAtOnce, graph } = step
    return new Trainer(options, specs, session, inputs, steps, classesAtOnce, stepBytes(graph), past)
  }

  /**
   * The state after the last finished epoch, plus the steps made since; on a device that steps are made on, plus those before
   * the last {@link settle}.
   */
  get state(): TrainerState {
    return { ...this.past, ...this.steps.learned }
  }

  /** Continues from a state of a trainer of the same options. */
  restore({ epoch, aggregation, parameters, optimizer }: TrainerState): void {
    this.past = { epoch, ...(aggregation ? { aggregation } : {}) }
    this.steps.begin({ parameters, optimizer })
  }

  /** The teacher's text features before normalising: [classes, embedDim]. */
  get teacher(): Float32Array | undefined {
    return this.inputs.teacher
  }

  /** Floating-point operations of a step in matrix products. */
  get flops(): number {
    return this.session.graph.flops
  }

  /** Learning rate of the epoch in progress. */
  get learningRate(): number {
    return learningRate(this.options.schedule, this.past.epoch + 1)
  }

  /**
   * One step on a batch.
   *
   * @param images normalised pixels [B, 3, R, R], or the method's features [B, width]
   * @param labels class indices [B]
   * @param frozenImages the images' frozen features, not normalised [B, embedDim], where they are given to steps
   * @returns figures that have become known, in the order of the steps: this one's, or on a device none or those of several
   * @throws TrainingError when the loss is not finite; the parameters are then as before the step, or as when they were last
   *   settled
   */
  step(
    images: Float32Array,
    labels: ArrayLike<number>,
    frozenImages?: Float32Array,
  ): Promise<readonly StepResult[]> {
    const inputs = this.inputs.of(this.steps.made, images, labels, frozenImages)
    const { learningRate } = this
    return this.steps.make({ inputs, labels, learningRate, epoch: this.past.epoch + 1 })
  }

  /** The figures of the steps that are not known yet; {@link state} is then that after all of them. Throws as `step` does. */
  settle(): Promise<readonly StepResult[]> {
    return this.steps.settle()
  }

  /**
   * Ends an epoch whose steps are settled: adds its prompts to the aggregate, and after the last epoch puts the aggregate in
   * their place (the optimizer's state is left as it is).
   */
  endEpoch(): void {
    const epoch = this.past.epoch + 1
    const aggregation = aggregationOf(this.options)
    if (!aggregation) {
      this.past = { epoch }
      return
    }
    const { parameters, optimizer } = this.steps.learned
    const sum = aggregation.add(this.past.aggregation!, epoch, parameters)
    this.past = { epoch, aggregation: sum }
    if (epoch === this.options.schedule.epochs) {
      this.steps.begin({ parameters: aggregation.result(sum), optimizer })
    }
  }

  /** Frees the compiled step, as `await using` does. */
  async release(): Promise<void> {
    await this.session.release()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.release()
  }
}

/**
 * Whether steps are made on the device, with the update in them: where it takes time to fetch values from it, a method is
 * trained by steps, nobody wants to see what is inside, and no step may have to be repeated with a smaller factor of the loss.
 */
const updatesOnDevice = ({ runtime, method, inspect = false }: StepPlanOptions): boolean =>
  runtime?.carries === true &&
  runtime.precision !== 'fp16' &&
  method.method.learning !== 'closed form' &&
  !inspect

function aggregationOf({ method: { aggregation }, schedule }: TrainerOptions) {
  return aggregation && gaussianAggregation(aggregation, schedule.epochs)
}
