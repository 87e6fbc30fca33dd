import type { Clip } from '../clip/clip.js'
import { towerTraits } from '../clip/towers/architectures.js'
import { medianOf } from '../evaluate/statistics.js'
import { inputLength } from '../image/preprocess.js'
import type { ConfiguredMethod } from '../methods/method.js'
import { configure, methodNamed } from '../methods/registry.js'
import { type ProductSizes, productProbe } from '../runtime/product-rate.js'
import type { Runtime } from '../runtime/session.js'
import { adamW } from './adam.js'
import { sgd } from './sgd.js'
import { type FittedStep, stepBytes } from './step-memory.js'
import type { StepResult } from './steps.js'
import { Trainer } from './trainer.js'

/** What is timed. */
export interface TimedSteps {
  readonly clip: Clip
  readonly runtime: Runtime
  /** Where plain products are computed. Default: by {@link runtime}. */
  readonly products?: Runtime | undefined
  /** A method that learns from images, with its published options. */
  readonly method: string
  readonly classes: number
  readonly batch: number
  /** Most steps after the first one, which is left out. */
  readonly steps: number
  /** Seconds after which no further step is begun. Default: no limit. */
  readonly limit?: number | undefined
  readonly classesAtOnce?: number | undefined
}

/** Time of a training step beside plain matrix products of the same minute. */
export interface StepTiming {
  readonly method: string
  readonly classes: number
  readonly batch: number
  /** Steps that were timed. */
  readonly steps: number
  /** Medians. */
  readonly stepSeconds: number
  readonly productGflops: number
  /** Operations of a step in products. */
  readonly gflop: number
  readonly stepGflops: number
  /** The step's share of the rate of plain products. */
  readonly share: number
  /** Operators of a step. */
  readonly operators: number
  /** Estimate of a process's peak memory, from shapes. */
  readonly estimatedMemoryMb: number
  /** The first step's loss, by which devices are held against one another. */
  readonly loss: number
}

/** Steps that are timed at once where they are made on a device. */
const DEVICE_STEPS = 4

/** A trainer that makes the same step again and again. */
export interface RepeatedStep extends AsyncDisposable {
  /** Makes a step, or on a device several: the seconds of one and the first one's loss. */
  step(): Promise<{ readonly seconds: number; readonly loss: number }>
  readonly planned: FittedStep
}

/** A step of training on drawn images and class names of four tokens, compiled. */
export async function repeatedStep(
  options: Pick<TimedSteps, 'clip' | 'runtime' | 'method' | 'classes' | 'batch' | 'classesAtOnce'>,
): Promise<RepeatedStep> {
  const { clip, runtime, classes, batch } = options
  const method = timedMethod(options)
  const trainerOptions = {
    runtime,
    method,
    batchSize: batch,
    classesAtOnce: options.classesAtOnce,
    optimizer: method.adamW ? adamW(method.adamW) : sgd({ momentum: 0.9, weightDecay: 5e-4 }),
    schedule: { lr: 0.0025, epochs: 20, decay: { type: 'cosine' } },
    seed: 1,
  } as const
  const planned = await Trainer.plan(trainerOptions)
  const trainer = await Trainer.create(trainerOptions, planned)
  const together = runtime.carries ? DEVICE_STEPS : 1
  const images = Float32Array.from({ length: batch * inputLength(clip.preprocessing) }, (_, i) => Math.sin(i))
  const labels = Array.from({ length: batch }, (_, i) => i % classes)
  return {
    planned,
    async step() {
      const start = performance.now()
      const results: StepResult[] = []
      // A device is waited for after several steps, as it is in training.
      for (let i = 0; i < together; i++) results.push(...(await trainer.step(images, labels)))
      results.push(...(await trainer.settle()))
      return { seconds: (performance.now() - start) / 1000 / together, loss: results[0]!.losses.total! }
    },
    [Symbol.asyncDispose]: () => trainer.release(),
  }
}

/** Times steps of training on drawn images and class names of four tokens, and products in between. */
export async function timeSteps(options: TimedSteps): Promise<StepTiming> {
  const { clip, runtime, products = runtime, method, classes, batch, steps } = options
  const { limit = Number.POSITIVE_INFINITY } = options
  await using repeated = await repeatedStep(options)
  const probe = await productProbe(products, productSizes(clip, batch))
  try {
    const times: number[] = []
    const rates: number[] = []
    const { loss } = await repeated.step()
    await probe.rate()
    const begun = performance.now()
    for (let i = 0; i < steps && (i === 0 || performance.now() - begun < 1000 * limit); i++) {
      times.push((await repeated.step()).seconds)
      // The products run between the steps, so that a change of the machine's speed meets both.
      rates.push((await probe.rate()) / 1e9)
    }
    const { graph } = repeated.planned
    const gflop = graph.flops / 1e9
    const stepSeconds = medianOf(times)!
    const productGflops = medianOf(rates)!
    return {
      method,
      classes,
      batch,
      steps: times.length,
      stepSeconds,
      productGflops,
      gflop,
      stepGflops: gflop / stepSeconds,
      share: gflop / stepSeconds / productGflops,
      operators: graph.applications,
      estimatedMemoryMb: stepBytes(graph) / 1e6,
      loss,
    }
  } finally {
    await probe.release()
  }
}

/** The step that {@link timeSteps} times, before anything is computed. */
export function plannedStep(
  options: Pick<TimedSteps, 'clip' | 'method' | 'classes' | 'batch'>,
): Promise<FittedStep> {
  return Trainer.plan({ method: timedMethod(options), batchSize: options.batch })
}

/** Its operations in products. */
export async function stepFlops(options: Parameters<typeof plannedStep>[0]): Promise<number> {
  return (await plannedStep(options)).graph.flops
}

/** Products of the sizes that the image tower multiplies for a batch. */
export function productSizes({ config: { vision, text } }: Clip, batch: number): ProductSizes {
  const { grid, width } = towerTraits(vision)
  return grid === undefined
    ? { rows: 256 * batch, width: text.width }
    : { rows: batch * (1 + grid ** 2), width }
}

function timedMethod({
  clip,
  method: name,
  classes,
}: Pick<TimedSteps, 'clip' | 'method' | 'classes'>): ConfiguredMethod {
  const method = methodNamed(name)
  const classNames = Array.from({ length: classes }, (_, i) => `name of class${i}`)
  const configured = configure({ method, methodOptions: method.options.parse({}), classNames }, clip)
  const { teacher } = configured
  // One template for the teacher: its features are computed before the first step, and are not what is timed.
  return teacher ? { ...configured, teacher: { ...teacher, templates: ['a photo of a {}.'] } } : configured
}
