import { timeSteps } from '../src/core/train/time-steps.js'
import { peakMemoryMB } from '../src/node/runs/peak-memory.js'
import { nodeRuntime } from '../src/node/runtime/node-runtime.js'
import { benchedClip } from './benched-clip.js'
import { writeFigures } from './figures.js'
import { machineLine } from './machine.js'
import { benchOptions } from './options.js'

// Time of one training step at a published model's size with random weights, beside the machine's plain matrix
// product measured in between.
// Usage: npm run bench:step -- [--backbone ViT-B/16] [--classes 50] [--batch 4]
// [--method promptsrc] [--threads 2] [--steps 7] [--classes-at-once N] [--resolution N] [--layers N] [--json FILE]
// --backbone: a published model's name, or tiny. --resolution, --layers: of the image tower, where not the backbone's.

const { backbone, method, classes, batch, threads, steps, classesAtOnce, resolution, layers, json } =
  benchOptions({
    backbone: 'ViT-B/16',
    classes: 50,
    batch: 4,
    method: 'promptsrc',
    threads: 2,
    steps: 7,
    classesAtOnce: Number,
    resolution: Number,
    layers: Number,
  })

const timing = await timeSteps({
  clip: await benchedClip({ backbone, resolution, layers }),
  runtime: nodeRuntime({ threads, worker: false }),
  // Plain products as fast as ONNX Runtime does them: with packed weights.
  products: nodeRuntime({ threads, worker: false, prepack: true }),
  method,
  classes,
  batch,
  steps,
  classesAtOnce,
})
const peakRssMb = peakMemoryMB()
console.log(machineLine(threads))
console.log(
  `${method}, ${backbone}, batch ${batch}, ${classes} classes, ${threads} threads (median of ${steps})`,
)
console.log(
  `step        ${timing.stepSeconds.toFixed(3)} s, ${timing.gflop.toFixed(0)} GFLOP, ${timing.stepGflops.toFixed(0)} GFLOPS`,
)
console.log(`plain Gemm  ${timing.productGflops.toFixed(0)} GFLOPS`)
console.log(`efficiency  ${(100 * timing.share).toFixed(1)} %`)
console.log(`peak memory ${peakRssMb.toFixed(0)} MB`)
writeFigures(json, { backbone, threads, ...timing, peakRssMb }, threads)
