import { createInterface } from 'node:readline'
import { parseArgs } from 'node:util'
import { repeatedStep } from '../../src/core/train/time-steps.js'
import { peakMemoryMB } from '../../src/node/runs/peak-memory.js'
import { nodeRuntime } from '../../src/node/runtime/node-runtime.js'
import { benchedClip } from '../benched-clip.js'

// Training steps of this package on random weights, as step.py makes them: a step for every line of standard input, its
// seconds and the process's peak memory as a line of JSON each; END ends it.

const { values } = parseArgs({
  options: {
    method: { type: 'string', default: 'promptsrc' },
    backbone: { type: 'string', default: 'ViT-B/16' },
    classes: { type: 'string', default: '50' },
    batch: { type: 'string', default: '4' },
    threads: { type: 'string', default: '2' },
  },
})
const runtime = nodeRuntime({ threads: Number(values.threads), worker: false })
const repeated = await repeatedStep({
  clip: await benchedClip({ backbone: values.backbone }),
  runtime,
  method: values.method,
  classes: Number(values.classes),
  batch: Number(values.batch),
})
for await (const line of createInterface({ input: process.stdin })) {
  if (line.trim() === 'END') break
  const { seconds } = await repeated.step()
  console.log(JSON.stringify({ seconds, peakRssMb: peakMemoryMB() }))
}
await repeated[Symbol.asyncDispose]()
await runtime.close()
process.exit()
