import { availableParallelism, cpus, loadavg, totalmem } from 'node:os'
import { medianOf } from '../src/core/evaluate/statistics.js'
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
  return `${processor}, ${cores} cores, ${memoryGb} GB, ${platform}; Node ${node}, ONNX Runtime ${onnxruntime}, ${used} threads; load ${load}`
}

/** Median of at least one value. */
export const median = (values: readonly number[]): number => medianOf(values)!

/** Seconds that work takes, and what it gives. */
export async function timed<T>(work: () => Promise<T>): Promise<{ seconds: number; result: T }> {
  const start = performance.now()
  const result = await work()
  return { seconds: (performance.now() - start) / 1000, result }
}

/** A Markdown table whose first column are words and whose others are figures. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`
  const rule = line(head.map((_, i) => (i === 0 ? '---' : '---:')))
  return [line(head), rule, ...rows.map(line)].join('\n')
}
