import { encodeGraph } from '../src/core/graph/index.js'
import { sizedParameters } from '../src/core/methods/parameter-shape.js'
import { configure, methodNamed } from '../src/core/methods/registry.js'
import { randomStream } from '../src/core/random.js'
import { OrtRuntime } from '../src/core/runtime/ort.js'
import { stepGraph } from '../src/core/train/step-graph.js'
import { loadModel } from '../src/node/model.js'
import { median, writeFigures } from './figures.js'
import { machineLine } from './machine.js'
import { benchOptions } from './options.js'

// A step of PromptSRC on the tiny model by one thread, and by two that wait busily or sleep, in turn; run it on an idle
// machine and beside other work.
// Usage: npm run bench:spinning -- [--rounds 12] [--quick] [--json FILE]
// --quick: one round.

const { quick, json, ...options } = benchOptions({ rounds: Number, quick: false })
const rounds = options.rounds ?? (quick ? 1 : 12)
const STEPS = 4

await using model = await loadModel('tiny')
const promptsrc = methodNamed('promptsrc')
const methodOptions = promptsrc.options.parse({ textDepth: 3, visionDepth: 4 })
const classNames = Array.from({ length: 12 }, (_, i) => `class ${i}`)
const method = configure({ method: promptsrc, methodOptions, classNames }, model.clip)
const parameters = sizedParameters(method.parameters)
const graph = await encodeGraph(stepGraph({ method, parameters, batchSize: 4, shots: 16 }))
const random = randomStream(1, 'spinning')
const inputs = Object.fromEntries(
  Object.entries(graph.inputs).map(([name, shape]) => {
    const data = Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => random.normal() / 10)
    return [name, { shape, data }]
  }),
)
const ways = [
  { name: '1 thread', threads: 1, spin: true },
  { name: '2 threads, busy waiting', threads: 2, spin: true },
  { name: '2 threads, sleeping', threads: 2, spin: false },
]
const sessions = await Promise.all(
  ways.map(({ threads, spin }) => {
    const load = () => import('../src/node/runtime/onnxruntime.js')
    return new OrtRuntime(load, { providers: ['cpu'], threads, prepack: false, spin }).compile(graph)
  }),
)
const times = ways.map((): number[] => [])
for (let round = 0; round < rounds; round++) {
  for (const [i, session] of sessions.entries()) {
    const start = performance.now()
    for (let step = 0; step < STEPS; step++) await session.run(inputs)
    times[i]!.push((performance.now() - start) / STEPS)
  }
}
console.log(`${machineLine()}\nmilliseconds a step, median (least, most) of ${rounds}`)
for (const [i, { name }] of ways.entries()) {
  const [middle, least, most] = [median(times[i]!), Math.min(...times[i]!), Math.max(...times[i]!)].map(
    (ms) => ms.toFixed(1),
  )
  console.log(`${name.padEnd(24)} ${middle} (${least}, ${most})`)
}
writeFigures(json, { ways: ways.map((way, i) => ({ ...way, milliseconds: times[i]! })) })
process.exit(0)
