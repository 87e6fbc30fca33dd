import type { Clip } from '../clip/clip.js'
import { medianOf } from '../evaluate/statistics.js'
import type { ConfiguredMethod } from '../methods/method.js'
import { configure, methodNamed } from '../methods/registry.js'
import { type ProductSizes, productProbe } from '../runtime/product-rate.js'
import type { Runtime } from '../runtime/session.js'
import { sgd } from './sgd.js'
import { stepBytes } from './step-memory.js'
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

/** Times steps of training on drawn images and class names of four tokens, and products in between. */
export async function timeSteps(options: TimedSteps): Promise<StepTiming> {
  const {
    clip,
    runtime,
    products = runtime,
    classes,
    batch,
    steps,
    limit = Number.POSITIVE_INFINITY,
  } = options
  const method = timedMethod(options)
  const trainerOptions = {
    runtime,
    method,
    batchSize: batch,
    classesAtOnce: options.classesAtOnce,
    optimizer: sgd({ momentum: 0.9, weightDecay: 5e-4 }),
    schedule: { lr: 0.0025, epochs: 20, decay: { type: 'cosine' } },
    seed: 1,
  } as const
  const planned = await Trainer.plan(trainerOptions)
  await using trainer = await Trainer.create(trainerOptions, planned)
  const probe = await productProbe(products, productSizes(clip, batch))
  try {
    const images = Float32Array.from({ length: batch * 3 * clip.resolution ** 2 }, (_, i) => Math.sin(i))
    const labels = Array.from({ length: batch }, (_, i) => i % classes)
    const seconds: number[] = []
    const rates: number[] = []
    const first = await trainer.step(images, labels)
    await probe.rate()
    const begun = performance.now()
    for (let i = 0; i < steps && (i === 0 || performance.now() - begun < 1000 * limit); i++) {
      const start = performance.now()
      await trainer.step(images, labels)
      seconds.push((performance.now() - start) / 1000)
      // The products run between the steps, so that a change of the machine's speed meets both.
      rates.push((await probe.rate()) / 1e9)
    }
    const gflop = trainer.flops / 1e9
    const stepSeconds = medianOf(seconds)!
    const productGflops = medianOf(rates)!
    return {
      method: options.method,
      classes,
      batch,
      steps: seconds.length,
      stepSeconds,
      productGflops,
      gflop,
      stepGflops: gflop / stepSeconds,
      share: gflop / stepSeconds / productGflops,
      operators: planned.graph.applications,
      estimatedMemoryMb: stepBytes(planned.graph) / 1e6,
      loss: first.losses.total!,
    }
  } finally {
    await probe.release()
  }
}

/** Operations of a step in products, before anything is computed. */
export async function stepFlops(
  options: Pick<TimedSteps, 'clip' | 'method' | 'classes' | 'batch'>,
): Promise<number> {
  const { graph } = await Trainer.plan({ method: timedMethod(options), batchSize: options.batch })
  return graph.flops
}

/** Products of the sizes that the image tower multiplies for a batch. */
export function productSizes({ config: { vision, text } }: Clip, batch: number): ProductSizes {
  if (vision.kind !== 'vit') return { rows: 256 * batch, width: text.width }
  return { rows: batch * (1 + (vision.resolution / vision.patchSize) ** 2), width: vision.width }
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
