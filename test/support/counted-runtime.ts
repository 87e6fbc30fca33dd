import { sizeOf } from '../../src/core/graph/index.js'
import type { Runtime } from '../../src/core/runtime/session.js'

/** A runtime that computes nothing and counts the operations of what it is asked to run. */
export function countedRuntime() {
  let flops = 0
  const runtime: Runtime = {
    async compile(graph) {
      const outputs = Object.fromEntries(
        Object.entries(graph.outputs).map(([name, shape]) => [
          name,
          { shape, data: new Float32Array(sizeOf(shape)) },
        ]),
      )
      return {
        graph,
        async run() {
          flops += graph.flops
          return outputs
        },
        async carried() {
          return {}
        },
        async release() {},
        async [Symbol.asyncDispose]() {},
      }
    },
    async close() {},
    async [Symbol.asyncDispose]() {},
  }
  return { runtime, flops: () => flops }
}
