import { constant, encodeGraph, gemm, input } from '../src/graph/index.js'
import type { Runtime, Session } from '../src/runtime/session.js'

/** One plain matrix product X W^T of a training step's size, by ONNX Runtime. */
export interface GemmProbe {
  readonly gflop: number
  run(): Promise<number>
  release(): Promise<void>
}

/** Compiles a product of [m, k] and a constant [n, k]; `run` returns its seconds. */
export async function gemmProbe(runtime: Runtime, m: number, n: number, k: number): Promise<GemmProbe> {
  const weight = constant('weight', [n, k], () => Float32Array.from({ length: n * k }, (_, i) => (i % 97) / 97 - 0.5))
  const graph = await encodeGraph({ y: gemm(input('x', [m, k]), weight, { transB: true }) })
  const session: Session = await runtime.compile(graph)
  const x = { shape: [m, k], data: Float32Array.from({ length: m * k }, (_, i) => (i % 89) / 89 - 0.5) }
  return {
    gflop: graph.flops / 1e9,
    async run() {
      const start = performance.now()
      await session.run({ x })
      return (performance.now() - start) / 1000
    },
    release: () => session.release(),
  }
}
