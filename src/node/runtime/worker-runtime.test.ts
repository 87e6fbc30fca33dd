import { afterAll, expect, it } from 'vitest'
import { encodeGraph, exp, gemm, input, values } from '../../core/graph/index.js'
import { nodeRuntime } from './node-runtime.js'
import { WorkerRuntime } from './worker-runtime.js'

// The worker's entry is plain JavaScript: these tests need the built package.
const runtime = new WorkerRuntime(new URL('../../../dist/node/runtime/worker.js', import.meta.url), {
  threads: 1,
  prepack: false,
})
afterAll(() => runtime.close())

const graph = () =>
  encodeGraph({
    y: exp(
      gemm(
        input('x', [4, 64]),
        values(
          'w',
          [64, 32],
          Float32Array.from({ length: 2048 }, (_, i) => Math.sin(i) / 20),
        ),
      ),
    ),
  })
const x = { shape: [4, 64], data: Float32Array.from({ length: 256 }, (_, i) => Math.cos(i)) }

it('a worker computes the same bits as this thread, run after run', async () => {
  const inline = await nodeRuntime({ threads: 1, worker: false }).compile(await graph())
  const session = await runtime.compile(await graph())
  const expected = (await inline.run({ x })).y!.data
  expect((await session.run({ x })).y!.data).toEqual(expected)
  expect((await session.run({ x })).y!.data).toEqual(expected)
})

it('leaves this thread free while it computes', async () => {
  const session = await runtime.compile(await graph())
  let ticks = 0
  const timer = setInterval(() => ticks++, 1)
  for (let i = 0; i < 50; i++) await session.run({ x })
  clearInterval(timer)
  expect(ticks).toBeGreaterThan(0)
})

it('reports a missing or ill-sized input by name', async () => {
  const session = await runtime.compile(await graph())
  await expect(session.run({})).rejects.toThrow(/input x was not given/)
  await expect(session.run({ x: { shape: [1], data: new Float32Array(1) } })).rejects.toThrow(
    /input x: 1 values/,
  )
})
