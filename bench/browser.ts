import { timeSteps } from '../src/core/train/time-steps.js'
import { loadModel } from '../src/node/model.js'
import type { Question, Timed } from './browser-page.js'
import { median, table, writeFigures } from './figures.js'
import { BrowserBench } from './in-browser.js'
import { machineLine } from './machine.js'
import { benchOptions } from './options.js'

// Time of one training step in headless Chromium beside Node's on one thread, on the tiny model; with --backbone, time and
// memory of a step at a published model's size with random weights. All take turns in every round, each in a page or a
// session of its own, where a time is the median of its steps.
// Usage: npm run bench:browser -- [--classes 10] [--batch 4] [--steps 30] [--rounds 3] [--threads 2]
// [--backbone ViT-B/32] [--json FILE]
// --threads: of the page that has several; 1 leaves it out.

const { json, rounds, threads, ...asked } = benchOptions({
  classes: 10,
  batch: 4,
  steps: 30,
  rounds: 3,
  threads: 2,
  backbone: String,
})
const { classes, batch, steps } = asked
const backbone = asked.backbone as Question['backbone']

interface Taken {
  readonly seconds: number
  readonly megabytes?: number
}

async function inPage(threads: number): Promise<Taken> {
  const question = { ...(backbone ? { backbone } : {}), classes, batch, steps, threads }
  const { result, megabytes } = await bench.inPage(question, (page) =>
    page.evaluate((asked) => (window as unknown as { timed: Timed }).timed(asked), question),
  )
  return { seconds: result.stepSeconds, megabytes }
}

async function inNode(): Promise<Taken> {
  await using model = await loadModel('tiny', { threads: 1 })
  const { clip, runtime } = model
  return {
    seconds: (await timeSteps({ clip, runtime, method: 'promptsrc', classes, batch, steps })).stepSeconds,
  }
}

using bench = await BrowserBench.build('bench/browser-page.ts')
const pages = [...new Set(backbone ? [threads] : [1, threads])].map((count) => ({
  name: `Chromium, WebAssembly, ${count} thread${count === 1 ? '' : 's'}`,
  take: () => inPage(count),
}))
const ways = [...(backbone ? [] : [{ name: 'Node, 1 thread', take: inNode }]), ...pages]
const taken = ways.map((): Taken[] => [])
for (let round = 0; round < rounds; round++) {
  for (const [i, { take }] of ways.entries()) taken[i]!.push(await take())
}

console.log(`${machineLine(threads)}; medians of ${rounds} rounds\n`)
const results = ways.map(({ name }, i) => {
  const seconds = median(taken[i]!.map(({ seconds }) => seconds))
  // Node's of the same round, which a busy machine meets alike.
  const timesNode = backbone
    ? undefined
    : median(taken[i]!.map((own, k) => own.seconds / taken[0]![k]!.seconds))
  const peaks = taken[i]!.flatMap(({ megabytes }) => megabytes ?? [])
  return {
    name,
    seconds,
    timesNode,
    megabytes: peaks.length > 0 ? median(peaks) : undefined,
    rounds: taken[i]!,
  }
})
const head = [
  `${backbone ?? 'tiny'}, batch ${batch}, ${classes} classes`,
  'ms a step',
  'times Node',
  'peak, MB',
]
const rows = results.map(({ name, seconds, timesNode, megabytes }) => [
  name,
  (1000 * seconds).toFixed(1),
  timesNode?.toFixed(2) ?? '-',
  megabytes?.toFixed(0) ?? '-',
])
console.log(table(head, rows))
writeFigures(json, { backbone: backbone ?? 'tiny', classes, batch, steps, results }, threads)
