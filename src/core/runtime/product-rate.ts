import { constant, encodeGraph, gemm, input, slice } from '../graph/index.js'
import type { Runtime } from './session.js'

const RUNS = 4

/** Sizes of the products. */
export interface ProductSizes {
  readonly rows: number
  readonly width: number
  /** Pairs of products. Default: 6, enough that what a run costs beside its products does not count. */
  readonly layers?: number
}

/** Plain matrix products of a model's sizes, by which a device's speed is told. */
export interface ProductProbe {
  /** Median rate of some consecutive runs in operations a second; the first run is left out. */
  rate(): Promise<number>
  release(): Promise<void>
}

/** Compiles a chain of products of [rows, width] with constants [4 width, width] and [width, 4 width] in turn. */
export async function productProbe(
  runtime: Runtime,
  { rows, width, layers = 6 }: ProductSizes,
): Promise<ProductProbe> {
  const weight = (name: string, n: number, k: number) =>
    constant(name, [n, k], () => waves(n * k, 97, 1 / 16))
  let y = input('x', [rows, width])
  for (let i = 0; i < layers; i++) {
    y = gemm(y, weight(`up${i}`, 4 * width, width), { transB: true })
    y = gemm(y, weight(`down${i}`, width, 4 * width), { transB: true })
  }
  // One row alone comes back, so that devices of their own are not measured by what they send.
  const graph = await encodeGraph({ y: slice(y, 0, 0, 1) })
  const session = await runtime.compile(graph)
  const x = { shape: [rows, width], data: waves(rows * width, 89, 1) }
  return {
    async rate() {
      const times: number[] = []
      for (let i = 0; i <= RUNS; i++) {
        const start = performance.now()
        await session.run({ x })
        if (i > 0) times.push((performance.now() - start) / 1000)
      }
      return graph.flops / times.sort((a, b) => a - b)[Math.floor(times.length / 2)]!
    },
    release: () => session.release(),
  }
}

/** Numbers between -scale / 2 and scale / 2. */
function waves(length: number, period: number, scale: number): Float32Array {
  const data = new Float32Array(length)
  for (let i = 0; i < length; i++) data[i] = ((i % period) / period - 0.5) * scale
  return data
}
