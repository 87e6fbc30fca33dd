import { parseArgs } from 'node:util'
import { timeSteps } from '../src/core/train/time-steps.js'
import { loadModel } from '../src/node/model.js'
import type { Question, Timed } from './browser-page.js'
import { BrowserBench } from './in-browser.js'

// Time of one training step in headless Chromium beside Node's on one thread, on the tiny model; with --backbone, time and
// memory of a step at a published model's size with random weights. Usage: npm run bench:browser --
// [--classes 10] [--batch 4] [--steps 30] [--threads 2] [--backbone ViT-B/32]

const { values } = parseArgs({
  options: {
    classes: { type: 'string', default: '10' },
    batch: { type: 'string', default: '4' },
    steps: { type: 'string', default: '30' },
    threads: { type: 'string', default: '2' },
    backbone: { type: 'string' },
  },
})
const [classes, batch, steps, threads] = [values.classes, values.batch, values.steps, values.threads].map(
  Number,
) as [number, number, number, number]
const backbone = values.backbone as Question['backbone']

async function inBrowser(question: Question): Promise<{ seconds: number; megabytes: number }> {
  const { result, megabytes } = await bench.inPage(question, (page) =>
    page.evaluate((asked) => (window as unknown as { timed: Timed }).timed(asked), question),
  )
  return { seconds: result.stepSeconds, megabytes }
}

async function inNode(): Promise<number> {
  await using model = await loadModel('tiny', { threads: 1 })
  const { clip, runtime } = model
  return (await timeSteps({ clip, runtime, method: 'promptsrc', classes, batch, steps })).stepSeconds
}

const say = (what: string, seconds: number, rest = '') =>
  console.log(`${what.padEnd(28)}${(1000 * seconds).toFixed(1).padStart(10)} ms${rest}`)
using bench = await BrowserBench.build('bench/browser-page.ts')
console.log(`promptsrc, ${backbone ?? 'tiny'}, batch ${batch}, ${classes} classes (median of ${steps} steps)`)
const node = backbone ? undefined : await inNode()
if (node !== undefined) say('Node, 1 thread', node)
for (const count of backbone ? [threads] : [1, threads]) {
  const question = { ...(backbone ? { backbone } : {}), classes, batch, steps, threads: count }
  const { seconds, megabytes } = await inBrowser(question)
  const share = node === undefined ? '' : `  ${(seconds / node).toFixed(2)} x Node`
  say(`Chromium, wasm, ${count} thread(s)`, seconds, `${share}  peak ${megabytes.toFixed(0)} MB`)
}
// Node again: whether the machine was as fast all along.
if (node !== undefined) say('Node, 1 thread, once more', await inNode())
