import { availableParallelism, cpus, loadavg, totalmem } from 'node:os'
import { onnxRuntimeVersion } from '../src/node/runtime/node-runtime.js'

/** What a measure was made on, and what else the machine did at its end. */
export const machine = (threads = availableParallelism()) => ({
  processor: cpus()[0]?.model.trim(),
  cores: cpus().length,
  memoryGb: Math.round(totalmem() / 1e9),
  platform: `${process.platform} ${process.arch}`,
  node: process.version,
  onnxruntime: onnxRuntimeVersion(),
  threads,
  /** Processes that ran or wanted to, in the last minute. */
  load: Number(loadavg()[0]!.toFixed(1)),
})

/** The same in a line. */
export function machineLine(threads?: number): string {
  const { processor, cores, memoryGb, platform, node, onnxruntime, load, threads: used } = machine(threads)
  return `${processor}, ${cores} cores, ${memoryGb} GB, ${platform}; Node ${node}, ONNX Runtime ${onnxruntime}, ${used} ${used === 1 ? 'thread' : 'threads'}; load ${load}`
}
