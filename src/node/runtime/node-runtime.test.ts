import type { ResourceLimits } from 'node:worker_threads'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ComputeError, UserError } from '../../core/errors.js'
import {
  type EncodedGraph,
  encodeGraph,
  exp,
  GraphError,
  gemm,
  input,
  matmul,
  values,
} from '../../core/graph/index.js'
import { OrtRuntime } from '../../core/runtime/ort.js'
import { RemoteRuntime } from '../../core/runtime/remote.js'
import type { Runtime } from '../../core/runtime/session.js'
import { mayKeepCoresBusy, nodeRuntime } from './node-runtime.js'
import { workerThread } from './worker-thread.js'

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

/** Its result has 1.6 TB. */
const enormous = () => encodeGraph({ y: matmul(input('a', [2 ** 20, 1]), input('b', [1, 400_000])) })

const damaged = async (): Promise<EncodedGraph> => ({ ...(await graph()), onnx: new Uint8Array([1, 2, 3]) })

describe.each([
  ['in a worker', true],
  ['in this thread', false],
])('a runtime %s', (_, worker) => {
  let runtime: Runtime
  beforeAll(() => {
    runtime = nodeRuntime({ threads: 1, worker })
  })
  afterAll(() => runtime.close())

  it('gives the same bits run after run', async () => {
    const other = nodeRuntime({ threads: 1, worker: false })
    const expected = await (await other.compile(await graph())).run({ x })
    const session = await runtime.compile(await graph())
    expect(await session.run({ x })).toEqual(expected)
    expect(await session.run({ x })).toEqual(expected)
    await other.close()
  })

  it('reports a missing or ill-sized input by name', async () => {
    const session = await runtime.compile(await graph())
    await expect(session.run({})).rejects.toThrow(new GraphError('input x was not given'))
    const small = { x: { shape: [1], data: new Float32Array(1) } }
    await expect(session.run(small)).rejects.toThrow(/input x: 1 values/)
  })

  it('says in the user’s terms that memory does not suffice, and goes on', async () => {
    const session = await runtime.compile(await enormous())
    const inputs = {
      a: { shape: [2 ** 20, 1], data: new Float32Array(2 ** 20) },
      b: { shape: [1, 400_000], data: new Float32Array(400_000) },
    }
    const error = await session.run(inputs).catch((error: unknown) => error)
    expect(error).toBeInstanceOf(ComputeError)
    expect(error).toMatchObject({
      message: expect.stringMatching(/^memory does not suffice/),
      hint: expect.stringMatching(/--batch-size/),
    })
    expect((await (await runtime.compile(await graph())).run({ x })).y!.data).toHaveLength(128)
  })

  it('reports a model that ONNX Runtime refuses as a fault of ours', async () => {
    const error = await runtime.compile(await damaged()).catch((error: unknown) => error)
    expect(error).toBeInstanceOf(GraphError)
    expect(error).not.toBeInstanceOf(UserError)
  })

  it('answers no call after its end, and lets sessions be released', async () => {
    const session = await runtime.compile(await graph())
    await runtime.close()
    await expect(session.run({ x })).rejects.toThrow(/released|closed/)
    await expect(runtime.compile(await graph())).rejects.toThrow('the runtime was closed')
    await session.release()
    await runtime.close()
  })
})

it('keeps packed copies of weights only where it is asked to, as results depend on it', () => {
  expect(nodeRuntime().signature).not.toMatch(/packed/)
  expect(nodeRuntime({ prepack: true }).signature).toMatch(/packed/)
})

it('waiting threads keep no core busy that others want', () => {
  expect(mayKeepCoresBusy(2, 0, 2)).toBe(true)
  expect(mayKeepCoresBusy(2, 1, 2)).toBe(false)
  expect(mayKeepCoresBusy(2, 10, 16)).toBe(true)
})

it('gives the same bits whether waiting threads keep cores busy or not', async () => {
  const load = () => import('./onnxruntime.js')
  const [spinning, blocking] = await Promise.all(
    [true, false].map(async (spin) => {
      await using own = new OrtRuntime(load, { providers: ['cpu'], threads: 2, prepack: false, spin })
      const session = await own.compile(await graph())
      return await session.run({ x })
    }),
  )
  expect(blocking).toEqual(spinning)
})

/** A runtime whose worker does this instead of replying a third time. */
function failing(deed: string, resourceLimits: ResourceLimits = {}): Runtime {
  const code = `
    import { parentPort } from 'node:worker_threads'
    const post = parentPort.postMessage.bind(parentPort)
    let replies = 0
    parentPort.postMessage = (reply) => {
      if (++replies < 3) return post(reply)
      ${deed}
    }`
  const execArgv = ['--import', `data:text/javascript,${encodeURIComponent(code)}`]
  return new RemoteRuntime(workerThread({ execArgv, resourceLimits }), {
    providers: ['cpu'],
    threads: 1,
    prepack: false,
  })
}

const outcome = (promise: Promise<unknown>) => promise.catch((error: unknown) => error)

describe('the worker', () => {
  it('leaves this thread free while it computes, and says what cannot be sent to it', async () => {
    const runtime = nodeRuntime({ threads: 1 })
    const session = await runtime.compile(await graph())
    let ticks = 0
    const timer = setInterval(() => ticks++, 1)
    for (let i = 0; i < 50; i++) await session.run({ x })
    clearInterval(timer)
    expect(ticks).toBeGreaterThan(0)
    const bad = { x: { ...x, data: (() => 0) as unknown as typeof x.data } }
    await expect(session.run(bad)).rejects.toThrow(/could not be cloned/)
    expect((await session.run({ x })).y!.data).toHaveLength(128)
    await runtime.close()
  })

  it.each([
    [
      'exits',
      failing('process.exit(7)'),
      'the thread that computes has ended (exit code 7)',
      /anew|--resume/,
    ],
    [
      'has no memory left',
      failing('const all = []; for (;;) all.push(new Array(1000).fill(all.length))', {
        maxOldGenerationSizeMb: 64,
      }),
      expect.stringMatching(/^memory does not suffice .*limit/),
      /--batch-size/,
    ],
    [
      'throws outside a call',
      failing("setTimeout(() => { throw new TypeError('a fault') })"),
      'the thread that computes has ended (a fault)',
      /anew|--resume/,
    ],
  ])(
    'rejects the calls that wait for it, and all later ones, when it %s',
    async (_, runtime, message, hint) => {
      const session = await runtime.compile(await graph())
      await session.run({ x })
      const waiting = [outcome(session.run({ x })), outcome(runtime.compile(await graph()))]
      const later = async () => [
        await outcome(session.run({ x })),
        await outcome(runtime.compile(await graph())),
      ]
      for (const error of [...(await Promise.all(waiting)), ...(await later())]) {
        expect(error).toBeInstanceOf(ComputeError)
        expect(error).toMatchObject({ message, hint: expect.stringMatching(hint) })
      }
      await session.release()
      await runtime.close()
    },
  )
})
