import { createInterface } from 'node:readline'
import { repeatedStep } from '../../src/core/train/time-steps.js'
import { peakMemoryMB } from '../../src/node/runs/peak-memory.js'
import { nodeRuntime } from '../../src/node/runtime/node-runtime.js'
import { benchedClip } from '../benched-clip.js'
import { benchOptions } from '../options.js'

// Training steps of this package on random weights, as step.py makes them: a step for every line of standard input, its
// seconds and the process's peak memory as a line of JSON each; END ends it.

const { method, backbone, classes, batch, threads } = benchOptions({
  method: 'promptsrc',
  backbone: 'ViT-B/16',
  classes: 50,
  batch: 4,
  threads: 2,
})
const runtime = nodeRuntime({ threads: threads, worker: false })
const repeated = await repeatedStep({
  clip: await benchedClip({ backbone }),
  runtime,
  method,
  classes,
  batch,
})
for await (const line of createInterface({ input: process.stdin })) {
  if (line.trim() === 'END') break
  const { seconds } = await repeated.step()
  console.log(JSON.stringify({ seconds, peakRssMb: peakMemoryMB() }))
}
await repeated[Symbol.asyncDispose]()
await runtime.close()
process.exit()
