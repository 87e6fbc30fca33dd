import { ComputeError } from '../../core/errors.js'
import { encodeGraph, type HostTensor, input, matmul } from '../../core/graph/index.js'
import { type Device, type DeviceChoice, devices } from '../../core/runtime/device.js'
import { sumProbe } from '../../core/runtime/half-products.js'
import type { KeptWeights } from '../../core/runtime/load-weights.js'
import type { Runtime } from '../../core/runtime/session.js'
import { type NodeRuntimeOptions, nodeRuntime } from './node-runtime.js'

/** Options of {@link openRuntime}. */
export interface OpenRuntimeOptions extends Omit<NodeRuntimeOptions, 'device'> {
  /** Default: `cpu`. With `auto` the first one that is there and faster than the processor. */
  readonly device?: DeviceChoice
  /** Told what `auto` took. */
  readonly onDevice?: (taken: TakenDevice) => void
}

/** What `auto` took. */
export interface TakenDevice {
  readonly device: Device
  /** Why not those before it. */
  readonly passedOver: readonly { readonly device: Device; readonly reason: string }[]
}

/**
 * ONNX Runtime on a device that is known to work.
 *
 * @param kept see {@link nodeRuntime}
 * @throws ComputeError, with why, where a device was named that cannot be had
 */
export async function openRuntime(options: OpenRuntimeOptions = {}, kept?: KeptWeights): Promise<Runtime> {
  const { device = 'cpu', onDevice, ...rest } = options
  if (device === 'auto') return bestRuntime(rest, kept, onDevice)
  if (device === 'cpu') return nodeRuntime(rest, kept)
  try {
    return (await tried(device, rest, kept, 1)).runtime
  } catch (cause) {
    const hint =
      cause instanceof ComputeError && cause.hint
        ? cause.hint
        : `${devices[device].advice} \`promptsrc doctor\` tries every device.`
    throw new ComputeError(`device ${device} cannot be had here: ${reasonOf(cause)}`, { hint, cause })
  }
}

async function bestRuntime(
  options: NodeRuntimeOptions,
  kept: KeptWeights | undefined,
  onDevice: OpenRuntimeOptions['onDevice'],
): Promise<Runtime> {
  const processor = await tried('cpu', options, kept, TIMED_SIDE)
  const passedOver: { device: Device; reason: string }[] = []
  for (const device of Object.keys(devices) as Device[]) {
    const { platforms } = devices[device]
    if (device === 'cpu' || platforms?.includes(process.platform) === false) continue
    try {
      const { runtime, ms } = await tried(device, options, kept, TIMED_SIDE)
      if (ms < processor.ms) {
        await processor.runtime.close()
        onDevice?.({ device, passedOver })
        return runtime
      }
      await runtime.close()
      const factor = (ms / processor.ms).toPrecision(2)
      passedOver.push({ device, reason: `${factor} times as slow as the processor` })
    } catch (error) {
      passedOver.push({ device, reason: reasonOf(error) })
    }
  }
  onDevice?.({ device: 'cpu', passedOver })
  return processor.runtime
}

/** Side of the matrices by which devices are compared. */
const TIMED_SIDE = 512
const PRODUCTS = 4

/** Opens a device and multiplies matrices on it: gives the time of a run that is not the first. */
async function tried(
  device: Device,
  options: NodeRuntimeOptions,
  kept: KeptWeights | undefined,
  side: number,
): Promise<{ runtime: Runtime; ms: number }> {
  const { platforms } = devices[device]
  if (platforms && !platforms.includes(process.platform)) {
    throw new ComputeError(`ONNX Runtime has it on ${platforms.join(' and ')} alone`)
  }
  const runtime = nodeRuntime({ ...options, device }, kept)
  try {
    if (options.precision === 'fp16') await checkHalfPrecision(runtime)
    const x = input('x', [side, side])
    let y = x
    for (let i = 0; i < PRODUCTS; i++) y = matmul(y, x)
    const session = await runtime.compile(await encodeGraph({ y }))
    const feeds = { x: { shape: x.shape, data: new Float32Array(side * side) } }
    await session.run(feeds)
    const start = performance.now()
    await session.run(feeds)
    const ms = performance.now() - start
    await session.release()
    return { runtime, ms }
  } catch (error) {
    await runtime.close()
    throw error
  }
}

/** @throws ComputeError where a device has no half precision, or sums in it */
export async function checkHalfPrecision(runtime: Runtime): Promise<void> {
  const { outputs, inputs, isExact } = sumProbe()
  const hint = 'Compute in float32: leave out --precision.'
  let found: Readonly<Record<string, HostTensor>>
  try {
    const session = await runtime.compile(await encodeGraph(outputs))
    found = await session.run(inputs).finally(() => session.release())
  } catch (cause) {
    throw new ComputeError(`it has no half precision (${reasonOf(cause)})`, { hint, cause })
  }
  if (isExact(found)) return
  const reason = 'it sums products of half precision in half precision, which training does not bear'
  throw new ComputeError(reason, { hint })
}

/** What ONNX Runtime says, without the place in its sources. */
export function reasonOf(error: unknown): string {
  const said = error instanceof Error ? error.message : String(error)
  return said
    .replace(/^.* was false\. /s, '')
    .replace(/^.*Status Message: (\S+:\d+ \S+ )?/s, '')
    .trim()
    .split('\n')[0]!
}
