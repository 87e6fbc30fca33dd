import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import sharp from 'sharp'
import { medianOf } from '../src/core/evaluate/statistics.js'
import { sizeOf } from '../src/core/graph/index.js'
import { randomStream } from '../src/core/random.js'
import { writeSafetensors } from '../src/node/weights/safetensors-file.js'
import { backbones, clipShapes, randomValues } from '../test/support/random-clip.js'

// Time from process start to the end of the first training step, and peak memory of that process, with local weights
// of a published model's size (random values, half precision, as published) and photos of 500 x 375; by phases: program and data
// and model opened, planned, compiled with the teacher's texts encoded, stepped once.
// Usage: npm run bench:start -- [--backbone ViT-B/16] [--classes 10] [--cached | --predict] [--json FILE]
// --cached: with the teacher's texts and the weights in the cache, as at every start but the first.
// --predict: one photo by a run of one step instead, whole processes without cache and with it, in turn.

const { values } = parseArgs({
  options: {
    backbone: { type: 'string', default: 'ViT-B/16' },
    classes: { type: 'string', default: '10' },
    cached: { type: 'boolean', default: false },
    predict: { type: 'boolean', default: false },
    json: { type: 'string' },
  },
})
const classes = Number(values.classes)
const folder = join(tmpdir(), 'promptsrc-bench')
const model = join(folder, `${values.backbone.replace('/', '-')}.safetensors`)
const photos = join(folder, `photos-${classes}`)

if (!existsSync(model)) {
  const config = backbones[values.backbone]!
  const shapes = clipShapes(config)
  const tensors = new Map(
    [...shapes].map(([name, shape]) => {
      const data = name === 'logit_scale' ? Float32Array.of(Math.log(100)) : randomValues(name, sizeOf(shape))
      return [name, { dtype: 'float16' as const, shape, data }]
    }),
  )
  await mkdir(folder, { recursive: true })
  await writeSafetensors(model, tensors)
}
if (!existsSync(photos)) {
  const random = randomStream(1, 'photos')
  for (let c = 0; c < classes; c++) {
    await mkdir(join(photos, `class ${c}`), { recursive: true })
    for (let i = 0; i < 16; i++) {
      const data = Uint8Array.from({ length: 500 * 375 * 3 }, () => random.integer(256))
      const jpeg = await sharp(data, { raw: { width: 500, height: 375, channels: 3 } })
        .jpeg()
        .toBuffer()
      await writeFile(join(photos, `class ${c}`, `${i}.jpg`), jpeg)
    }
  }
}

if (values.predict) {
  await timePredict()
  process.exit()
}

const child = fileURLToPath(new URL('./first-step.mjs', import.meta.url))
const env = { ...process.env, PROMPTSRC_CACHE: values.cached ? join(folder, 'cache') : 'off' }
/** Seconds since process start, of the clock and of all processors, which a busy machine falsifies less. */
interface Reached {
  readonly seconds: number
  readonly processorSeconds: number
}

interface Start extends Reached {
  readonly phases: Readonly<Record<'program' | 'data' | 'model' | 'plan' | 'start' | 'step', Reached>>
  readonly peakRssMb: number
}

const firstStep = () => {
  const { stdout, stderr, status } = spawnSync(process.execPath, [child, model, photos], {
    encoding: 'utf8',
    env,
  })
  if (status !== 0) throw new Error(stderr)
  return JSON.parse(stdout) as Start
}
if (values.cached) firstStep()
const runs = Array.from({ length: 3 }, firstStep)
const bySeconds = runs.sort((a, b) => a.seconds - b.seconds)
const { backbone, cached } = values
const result = { backbone, classes, cached, runs: runs.length, ...bySeconds[1]! }
console.log(
  `${values.backbone}, ${classes} classes: first step done ${result.seconds.toFixed(1)} s after process start (median of 3)`,
)
for (const [phase, { seconds, processorSeconds }] of Object.entries(result.phases)) {
  console.log(`${phase.padEnd(8)} ${seconds.toFixed(1)} s, ${processorSeconds.toFixed(1)} s of processors`)
}
console.log(`peak memory ${result.peakRssMb.toFixed(0)} MB`)
if (values.json) await writeFile(values.json, `${JSON.stringify(result, null, 2)}\n`)

async function timePredict(): Promise<void> {
  const cli = fileURLToPath(new URL('../dist/cli/main.js', import.meta.url))
  const run = join(folder, `run-${values.backbone!.replace('/', '-')}-${classes}`)
  const promptsrc = (args: string[], cache: string) => {
    const start = performance.now()
    const env = { ...process.env, PROMPTSRC_CACHE: cache }
    const { status, stderr } = spawnSync(process.execPath, [cli, ...args], { encoding: 'utf8', env })
    if (status !== 0) throw new Error(stderr)
    return (performance.now() - start) / 1000
  }
  const cache = join(folder, 'cache')
  const batch = `${Math.min(4, classes)}`
  const once = ['--shots', '1', '--epochs', '1', '--batch-size', batch, '--overwrite']
  promptsrc(['train', photos, '--model', model, '--out', run, ...once], cache)
  const predict = ['predict', run, join(photos, 'class 0', '0.jpg')]
  promptsrc(predict, cache)
  const rounds = Array.from({ length: 3 }, () => ({
    without: promptsrc(predict, 'off'),
    cached: promptsrc(predict, cache),
  }))
  const median = (key: 'without' | 'cached') => medianOf(rounds.map((round) => round[key]))!
  const result = {
    backbone: values.backbone,
    classes,
    without: median('without'),
    cached: median('cached'),
    rounds,
  }
  console.log(
    `${values.backbone}, ${classes} classes: predict of one photo ${result.cached.toFixed(2)} s, ${result.without.toFixed(2)} s without cache (medians of 3)`,
  )
  if (values.json) await writeFile(values.json, `${JSON.stringify(result, null, 2)}\n`)
}
