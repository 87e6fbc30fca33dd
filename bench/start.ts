import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { drawPhotos, randomWeights } from './drawn-inputs.js'
import { cli } from './emoji-run.js'
import { median, writeFigures } from './figures.js'
import { machineLine } from './machine.js'
import { benchOptions } from './options.js'

// Time from process start to the end of the first training step, and peak memory of that process, with local weights
// of a published model's size (random values, half precision, as published) and photos of 500 x 375; by phases: program and data
// and model opened, planned, compiled with the teacher's texts encoded, stepped once. Weights and photos are written once.
// Usage: npm run bench:start -- [--backbone ViT-B/16] [--classes 10] [--rounds 3] [--cached | --predict] [--json FILE]
// --cached: with the teacher's texts and the weights in the cache, as at every start but the first.
// --predict: one photo by a run of one step instead, whole processes without cache and with it, in turn.

const { backbone, classes, rounds, cached, predict, json } = benchOptions({
  backbone: 'ViT-B/16',
  classes: 10,
  rounds: 3,
  cached: false,
  predict: false,
})
const folder = join(tmpdir(), 'promptsrc-bench')
const drawn = join(folder, `drawn-photos-${classes}`)
const photos = join(drawn, 'train')
const model = await randomWeights(backbone, folder)
if (!existsSync(drawn)) await drawPhotos(drawn, { classes, train: 16, test: 0 })
if (predict) timePredict()
else timeFirstStep()

/** Seconds since process start, of the clock and of all processors, which a busy machine falsifies less. */
interface Reached {
  readonly seconds: number
  readonly processorSeconds: number
}

interface Start extends Reached {
  readonly phases: Readonly<Record<'program' | 'data' | 'model' | 'plan' | 'start' | 'step', Reached>>
  readonly peakRssMb: number
}

function timeFirstStep(): void {
  const child = fileURLToPath(new URL('./first-step.mjs', import.meta.url))
  const env = { ...process.env, PROMPTSRC_CACHE: cached ? join(folder, 'cache') : 'off' }
  const firstStep = () => {
    const { stdout, stderr, status } = spawnSync(process.execPath, [child, model, photos], {
      encoding: 'utf8',
      env,
    })
    if (status !== 0) throw new Error(stderr)
    return JSON.parse(stdout) as Start
  }
  if (cached) firstStep()
  const starts = Array.from({ length: rounds }, firstStep)
  const of = (figure: (start: Start) => number) => median(starts.map(figure))
  console.log(machineLine())
  console.log(
    `${backbone}, ${classes} classes: first step done ${of(({ seconds }) => seconds).toFixed(1)} s after process start (median of ${rounds})`,
  )
  for (const phase of Object.keys(starts[0]!.phases) as (keyof Start['phases'])[]) {
    const seconds = of(({ phases }) => phases[phase].seconds)
    const processors = of(({ phases }) => phases[phase].processorSeconds)
    console.log(`${phase.padEnd(8)} ${seconds.toFixed(1)} s, ${processors.toFixed(1)} s of processors`)
  }
  console.log(`peak memory ${of(({ peakRssMb }) => peakRssMb).toFixed(0)} MB`)
  writeFigures(json, { backbone, classes, cached, rounds: starts })
}

function timePredict(): void {
  const run = join(folder, `run-${backbone.replace('/', '-')}-${classes}`)
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
  const one = ['predict', run, join(photos, 'class 0', '0.jpg')]
  promptsrc(one, cache)
  const taken = Array.from({ length: rounds }, () => ({
    without: promptsrc(one, 'off'),
    cached: promptsrc(one, cache),
  }))
  const of = (way: 'without' | 'cached') => median(taken.map((round) => round[way])).toFixed(2)
  console.log(machineLine())
  console.log(
    `${backbone}, ${classes} classes: predict of one photo ${of('cached')} s, ${of('without')} s without cache (medians of ${rounds})`,
  )
  writeFigures(json, { backbone, classes, rounds: taken })
}
