import { writeFile } from 'node:fs/promises'
import { parseArgs } from 'node:util'
import { configure, methodNamed } from '../src/core/methods/registry.js'
import type { Tokenizer } from '../src/core/tokenizer/tokenizer.js'
import { sgd } from '../src/core/train/sgd.js'
import { Trainer } from '../src/core/train/trainer.js'
import { nodeRuntime } from '../src/node/runtime/node-runtime.js'
import { backbones, randomClip, wordTokenizer } from '../test/support/random-clip.js'
import { gemmProbe } from './gemm.js'

// Time of one training step at a published model's size with random weights, beside the machine's plain matrix
// product measured in between. Usage: npm run bench:step -- [--backbone ViT-B/16] [--classes 50] [--batch 4]
// [--method promptsrc] [--threads 2] [--steps 7] [--classes-at-once N] [--json FILE]

const { values } = parseArgs({
  options: {
    backbone: { type: 'string', default: 'ViT-B/16' },
    classes: { type: 'string', default: '50' },
    batch: { type: 'string', default: '4' },
    method: { type: 'string', default: 'promptsrc' },
    threads: { type: 'string', default: '2' },
    steps: { type: 'string', default: '7' },
    'classes-at-once': { type: 'string' },
    json: { type: 'string' },
  },
})
const backbone = values.backbone
const [classes, batch, threads, steps] = [values.classes, values.batch, values.threads, values.steps].map(
  Number,
) as [number, number, number, number]
const config = backbones[backbone]
if (!config) {
  console.error(`unknown backbone ${backbone}; there are ${Object.keys(backbones).join(', ')}`)
  process.exit(2)
}

const runtime = nodeRuntime({ threads, worker: false })
const clip = randomClip(config, wordTokenizer as Tokenizer)
const chosen = methodNamed(values.method)
const classNames = Array.from({ length: classes }, (_, i) => `name of class${i}`)
const configured = configure({ method: chosen, methodOptions: chosen.options.parse({}), classNames }, clip)
// One template for the teacher: its features are computed before the first step, which is what is measured here.
const method = configured.teacher
  ? { ...configured, teacher: { ...configured.teacher, templates: ['a photo of a {}.'] } }
  : configured
const trainer = await Trainer.create({
  runtime,
  method,
  batchSize: batch,
  classesAtOnce: values['classes-at-once'] === undefined ? undefined : Number(values['classes-at-once']),
  optimizer: sgd({ momentum: 0.9, weightDecay: 5e-4 }),
  schedule: { lr: 0.0025, epochs: 20, decay: { type: 'cosine' } },
  seed: 1,
})
const { width, resolution, patchSize } = config.vision
const rows = batch * (1 + (resolution / patchSize) ** 2)
// Plain products as fast as ONNX Runtime does them: with packed weights.
const plain = nodeRuntime({ threads, worker: false, prepack: true })
const probe = await gemmProbe(plain, rows, width)
const images = Float32Array.from({ length: batch * 3 * resolution ** 2 }, (_, i) => Math.sin(i))
const labels = Array.from({ length: batch }, (_, i) => i % classes)

const stepTimes: number[] = []
const gemmRates: number[] = []
for (let i = -1; i < steps; i++) {
  const start = performance.now()
  await trainer.step(images, labels)
  const seconds = (performance.now() - start) / 1000
  // The products run between the steps, so that a change of the machine's speed meets both.
  const gflops = await probe.gflops()
  if (i < 0) continue
  stepTimes.push(seconds)
  gemmRates.push(gflops)
}

const median = (list: readonly number[]) => [...list].sort((a, b) => a - b)[Math.floor(list.length / 2)]!
const stepSeconds = median(stepTimes)
const gflop = trainer.flops / 1e9
const gemmGflops = median(gemmRates)
const result = {
  backbone,
  method: values.method,
  classes,
  batch,
  threads,
  stepSeconds,
  gflop,
  stepGflops: gflop / stepSeconds,
  gemmGflops,
  efficiency: gflop / stepSeconds / gemmGflops,
  peakRssMb: process.resourceUsage().maxRSS / 1024,
}
console.log(
  `${values.method}, ${backbone}, batch ${batch}, ${classes} classes, ${threads} threads (median of ${steps})`,
)
console.log(
  `step        ${stepSeconds.toFixed(3)} s, ${gflop.toFixed(0)} GFLOP, ${result.stepGflops.toFixed(0)} GFLOPS`,
)
console.log(`plain Gemm  ${gemmGflops.toFixed(0)} GFLOPS`)
console.log(`efficiency  ${(100 * result.efficiency).toFixed(1)} %`)
console.log(`peak memory ${result.peakRssMb.toFixed(0)} MB`)
if (values.json) await writeFile(values.json, `${JSON.stringify(result, null, 2)}\n`)
await trainer.release()
await probe.release()
