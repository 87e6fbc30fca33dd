import { loadavg } from 'node:os'
import type { ClipConfig } from '../core/clip/config.js'
import type { Device, Precision } from '../core/runtime/device.js'
import { productProbe } from '../core/runtime/product-rate.js'
import type { Tokenizer } from '../core/tokenizer/tokenizer.js'
import { type StepTiming, stepFlops, timeSteps } from '../core/train/time-steps.js'
import { backbones, randomClip, wordTokenizer } from '../core/weights/random-clip.js'
import { peakMemoryMB } from './runs/peak-memory.js'
import { openRuntime } from './runtime/open-runtime.js'

/** Sizes of models that are timed, the one that figures are compared by first. */
export const benchSizes: Readonly<Record<string, ClipConfig>> = {
  'ViT-B/16': backbones['ViT-B/16'],
  'ViT-B/32': backbones['ViT-B/32'],
  small: {
    embedDim: 128,
    activation: 'quick',
    vision: { kind: 'vit', resolution: 48, patchSize: 8, width: 128, layers: 4, heads: 2 },
    text: { contextLength: 77, vocabSize: 49408, width: 128, layers: 3, heads: 2 },
  },
}

const STEP = { method: 'promptsrc', classes: 50, batch: 4 } as const

/** Seconds of a step, by its products alone, beyond which a smaller size is timed. */
const LONGEST_STEP = 30
const [MOST_STEPS, MOST_SECONDS] = [7, 40]

/** How a device does steps of training at a published model's size. */
export interface DeviceBench extends StepTiming {
  readonly device: Device
  readonly precision: Precision
  /** One of {@link benchSizes}. */
  readonly size: string
  /** Processes that ran or wanted to in the last minute; 0 where the system does not tell. */
  readonly load: number
  /** Threads of ONNX Runtime; null for its own choice. */
  readonly threads: number | null
  /** Of this process, in MB; what a device holds in memory of its own is not in it. */
  readonly peakMemoryMb: number
}

/** What is timed, and by what. */
export interface DeviceBenchOptions {
  readonly threads?: number | undefined
  /** Default: fp32. */
  readonly precision?: Precision | undefined
  /** One of {@link benchSizes}. Default: the first whose steps take seconds on the device. */
  readonly size?: string | undefined
}

/**
 * Times steps of PromptSRC with random weights on a device, 50 classes and 4 images a step, beside plain matrix products.
 * Peak memory is the whole process's, so that a process of its own is best.
 *
 * @throws ComputeError where the device cannot be had, or its memory does not suffice
 */
export async function benchDevice(
  device: Device,
  { threads, precision = 'fp32', size: asked }: DeviceBenchOptions = {},
): Promise<DeviceBench> {
  const options = { device, precision, ...(threads === undefined ? {} : { threads }) }
  await using runtime = await openRuntime(options)
  // Plain products as fast as the processor does them: with packed weights.
  await using packed = device === 'cpu' ? await openRuntime({ ...options, prepack: true }) : undefined
  const probe = await productProbe(runtime, { rows: 256, width: 768, layers: 1 })
  const rate = await probe.rate().finally(() => probe.release())
  const sizes = asked === undefined ? Object.keys(benchSizes) : [asked]
  for (const size of sizes) {
    const clip = randomClip(benchSizes[size]!, wordTokenizer as Tokenizer)
    const seconds = (await stepFlops({ clip, ...STEP })) / rate
    if (seconds > LONGEST_STEP && size !== sizes.at(-1)) continue
    const load = loadavg()[0]!
    const timing = await timeSteps({
      clip,
      runtime,
      products: packed,
      ...STEP,
      steps: MOST_STEPS,
      limit: MOST_SECONDS,
    })
    return {
      device,
      precision,
      size,
      threads: threads ?? null,
      load,
      ...timing,
      peakMemoryMb: Math.round(peakMemoryMB()),
    }
  }
  throw new RangeError('no sizes')
}
