import { writeFile } from 'node:fs/promises'
import { parseArgs } from 'node:util'
import { timeSteps } from '../src/core/train/time-steps.js'
import { peakMemoryMB } from '../src/node/runs/peak-memory.js'
import { nodeRuntime } from '../src/node/runtime/node-runtime.js'
import { benchedClip } from './benched-clip.js'
import { machine, machineLine } from './machine.js'

// Time of one training step at a published model's size with random weights, beside the machine's plain matrix
// product measured in between. Usage: npm run bench:step -- [--backbone ViT-B/16] [--classes 50] [--batch 4]
// [--method promptsrc] [--threads 2] [--steps 7] [--classes-at-once N] [--resolution N] [--layers N] [--json FILE]
// --backbone: a published model's name, or tiny. --resolution, --layers: of the image tower, where not the backbone's.

const { values } = parseArgs({
  options: {
    backbone: { type: 'string', default: 'ViT-B/16' },
    classes: { type: 'string', default: '50' },
    batch: { type: 'string', default: '4' },
    method: { type: 'string', default: 'promptsrc' },
    threads: { type: 'string', default: '2' },
    steps: { type: 'string', default: '7' },
    'classes-at-once': { type: 'string' },
    resolution: { type: 'string' },
    layers: { type: 'string' },
    json: { type: 'string' },
  },
})
const { backbone, method } = values
const [classes, batch, threads, steps] = [values.classes, values.batch, values.threads, values.steps].map(
  Number,
) as [number, number, number, number]
const size = (value: string | undefined) => (value === undefined ? undefined : Number(value))

const timing = await timeSteps({
  clip: await benchedClip({ backbone, resolution: size(values.resolution), layers: size(values.layers) }),
  runtime: nodeRuntime({ threads, worker: false }),
  // Plain products as fast as ONNX Runtime does them: with packed weights.
  products: nodeRuntime({ threads, worker: false, prepack: true }),
  method,
  classes,
  batch,
  steps,
  classesAtOnce: size(values['classes-at-once']),
})
const result = { machine: machine(threads), backbone, threads, ...timing, peakRssMb: peakMemoryMB() }
console.log(machineLine(threads))
console.log(
  `${method}, ${backbone}, batch ${batch}, ${classes} classes, ${threads} threads (median of ${steps})`,
)
console.log(
  `step        ${timing.stepSeconds.toFixed(3)} s, ${timing.gflop.toFixed(0)} GFLOP, ${timing.stepGflops.toFixed(0)} GFLOPS`,
)
console.log(`plain Gemm  ${timing.productGflops.toFixed(0)} GFLOPS`)
console.log(`efficiency  ${(100 * timing.share).toFixed(1)} %`)
console.log(`peak memory ${result.peakRssMb.toFixed(0)} MB`)
if (values.json) await writeFile(values.json, `${JSON.stringify(result, null, 2)}\n`)
