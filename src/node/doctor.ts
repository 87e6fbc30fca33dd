import { freemem } from 'node:os'
import { encodeGraph, type HostTensor } from '../core/graph/index.js'
import { type Agreement, agreement, checkGraph } from '../core/runtime/check-graph.js'
import { type Device, devices } from '../core/runtime/device.js'
import { cacheSettings } from './cache/cache-settings.js'
import { hubSettings } from './hub/settings.js'
import { type Environment, environment } from './runs/environment.js'
import { checkHalfPrecision, openRuntime, reasonOf } from './runtime/open-runtime.js'

/** What {@link examine} finds. */
export interface Examination {
  readonly environment: Environment
  readonly freeMemoryGiB: number
  readonly devices: readonly DeviceCheck[]
  /** Where files are kept; the cache is null where it is turned off. */
  readonly folders: {
    readonly cache: string | null
    readonly huggingFace: string
    readonly openAi: string
  }
}

/** Options of {@link examine}. */
export interface ExamineOptions {
  readonly threads?: number
  /** The one device to look at, beside the processor. Default: all. */
  readonly device?: Device
}

/** How a device does a small step of training. */
export interface DeviceCheck {
  readonly device: Device
  readonly title: string
  /** Where it was run: time of a step, and how far its values are from the processor's. */
  readonly run?: { readonly milliseconds: number; readonly halfPrecision: HalfPrecision } & Agreement
  /** Why it was not run, and what to do. */
  readonly refusal?: { readonly reason: string; readonly advice: string }
}

/** Whether `--precision fp16` can be had, and why not. */
export interface HalfPrecision {
  readonly usable: boolean
  readonly reason?: string
}

const RUNS = 3

/**
 * Examines this machine: processors, memory, versions, folders, and what each device does.
 *
 * @param onDevice told which device is next
 */
export async function examine(
  options: ExamineOptions = {},
  onDevice?: (device: Device) => void,
): Promise<Examination> {
  const { folder, maxBytes } = cacheSettings()
  const { hubCache, openAiCache } = await hubSettings()
  return {
    environment: environment(),
    freeMemoryGiB: Math.round((10 * freemem()) / 2 ** 30) / 10,
    devices: await checkDevices(options, onDevice),
    folders: { cache: maxBytes === 0 ? null : folder, huggingFace: hubCache, openAi: openAiCache },
  }
}

async function checkDevices(
  { device: only, ...options }: ExamineOptions,
  onDevice?: (device: Device) => void,
): Promise<DeviceCheck[]> {
  const checks: DeviceCheck[] = []
  let expected: Outputs | undefined
  // The processor is what the others are held against.
  const others = (Object.keys(devices) as Device[]).filter((name) => name !== 'cpu')
  const chosen = only === undefined ? others : others.filter((name) => name === only)
  for (const device of ['cpu', ...chosen] as Device[]) {
    const { title, advice } = devices[device]
    onDevice?.(device)
    try {
      const { outputs, ...run } = await steps(device, options)
      expected ??= outputs
      checks.push({ device, title, run: { ...run, ...agreement(outputs, expected) } })
    } catch (error) {
      checks.push({ device, title, refusal: { reason: reasonOf((error as Error).cause ?? error), advice } })
    }
  }
  return checks
}

type Outputs = Readonly<Record<string, HostTensor>>

async function steps(device: Device, options: { readonly threads?: number }) {
  const { outputs, inputs } = checkGraph()
  await using runtime = await openRuntime({ ...options, device })
  const session = await runtime.compile(await encodeGraph(outputs))
  const values = await session.run(inputs)
  let milliseconds = Number.POSITIVE_INFINITY
  for (let i = 0; i < RUNS; i++) {
    const start = performance.now()
    await session.run(inputs)
    milliseconds = Math.min(milliseconds, performance.now() - start)
  }
  const halfPrecision: HalfPrecision = await checkHalfPrecision(runtime).then(
    () => ({ usable: true }),
    (error: unknown) => ({ usable: false, reason: reasonOf(error) }),
  )
  return { outputs: values, milliseconds, halfPrecision }
}
