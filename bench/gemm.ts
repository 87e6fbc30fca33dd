import { constant, encodeGraph, gemm, input, slice } from '../src/core/graph/index.js'
import type { Runtime } from '../src/core/runtime/session.js'

/** Layers of the probe: enough that what a run costs beside its products does not count. */
const LAYERS = 6
const RUNS = 4

/** Plain matrix products of a training step's sizes, by ONNX Runtime. */
export interface GemmProbe {
  /** Median rate of some consecutive runs, in GFLOPS; the first run is left out. */
  gflops(): Promise<number>
  release(): Promise<void>
}

/** Compiles a chain of products of [rows, width] with constants [4 width, width] and [width, 4 width] in turn. */
export async function gemmProbe(runtime: Runtime, rows: number, width: number): Promise<GemmProbe> {
  const weight = (name: string, n: number, k: number) =>
    constant(name, [n, k], () => Float32Array.from({ length: n * k }, (_, i) => ((i % 97) / 97 - 0.5) / 16))
  let y = input('x', [rows, width])
  for (let i = 0; i < LAYERS; i++) {
    y = gemm(y, weight(`up${i}`, 4 * width, width), { transB: true })
    y = gemm(y, weight(`down${i}`, width, 4 * width), { transB: true })
  }
  const graph = await encodeGraph({ y: slice(y, 0, 0, 1) })
  const session = await runtime.compile(graph)
  const x = {
    shape: [rows, width],
    data: Float32Array.from({ length: rows * width }, (_, i) => (i % 89) / 89 - 0.5),
  }
  return {
    async gflops() {
      const times: number[] = []
      for (let i = 0; i <= RUNS; i++) {
        const start = performance.now()
        await session.run({ x })
        if (i > 0) times.push((performance.now() - start) / 1000)
      }
      return graph.flops / 1e9 / times.sort((a, b) => a - b)[Math.floor(times.length / 2)]!
    },
    release: () => session.release(),
  }
}
