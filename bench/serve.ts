import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createClassifier } from '../src/core/evaluate/create-classifier.js'
import { conceptTemperature } from '../src/core/evaluate/none-of-these.js'
import { predict } from '../src/node/data/predict.js'
import { loadRun } from '../src/node/run.js'
import { serverApp } from '../src/server/app.js'
import { ClassifyService } from '../src/server/classify-service.js'
import { listen } from '../src/server/listen.js'
import { Metrics } from '../src/server/metrics.js'
import { emojiRun } from './emoji-run.js'
import { median, timed, writeFigures } from './figures.js'
import { machineLine } from './machine.js'
import { benchOptions } from './options.js'

// Requests over loopback, many at a time, beside the plain rate of predict on the same images in the same process, in turn:
// none may be lost, and every answer must be the one that predict gives. Server and callers share this process and its cores.
// Usage: npm run bench:serve -- [--requests 1000] [--at-a-time 32] [--rounds 3] [--threads 1] [--json FILE]

const { requests, atATime, rounds, threads, json } = benchOptions({
  requests: 1000,
  atATime: 32,
  rounds: 3,
  threads: 1,
})
const folder = mkdtempSync(join(tmpdir(), 'bench-serve-'))
const pictures = emojiRun(folder).map((path) => new Uint8Array(readFileSync(path)))
const asked = Array.from({ length: requests }, (_, i) => pictures[i % pictures.length]!)
const run = await loadRun(join(folder, 'run'), { threads })
rmSync(folder, { recursive: true })

interface Answer {
  readonly className: string
  readonly probability: number
}

const classifier = await createClassifier(run)

/** The likeliest class of every image that is asked for. */
async function predicted(images: readonly Uint8Array[]): Promise<Answer[]> {
  const answers: Answer[] = []
  for await (const { classes } of predict(classifier, images)) answers.push(classes[0]!)
  return answers
}

const temperature = await conceptTemperature(run.model.clip)
let batches = 0
const service = await ClassifyService.open(run, {
  rejection: () => ({ temperature, threshold: 0 }),
  onBatch: () => batches++,
})
const app = serverApp(service, new Metrics(), {
  maxBytes: 20e6,
  maxClasses: 256,
  maxRequests: 64,
  origins: [],
  loopbackOnly: true,
  stopping: () => false,
  onError: (error) => console.error(error),
})
const { url, stop } = await listen(app.fetch, { host: '127.0.0.1', port: 0 })

/** Asks for all images, and holds every answer against predict's. */
async function served(images: readonly Uint8Array<ArrayBuffer>[], expected: readonly Answer[]) {
  const milliseconds: number[] = []
  let [next, lost, wrong, worst] = [0, 0, 0, 0]
  const caller = async () => {
    for (let i = next++; i < images.length; i = next++) {
      const start = performance.now()
      const request = { method: 'POST', body: images[i]! }
      const response = await fetch(`${url}/classify`, request).catch(() => undefined)
      if (response?.status !== 200) {
        lost++
        continue
      }
      const { classes } = (await response.json()) as { classes: Answer[] }
      milliseconds.push(performance.now() - start)
      const { className, probability } = expected[i]!
      const found = classes.find((each) => each.className === className)
      const error = Math.abs((found?.probability ?? 0) - probability)
      worst = Math.max(worst, error)
      if (error > 1e-4) wrong++
    }
  }
  await Promise.all(Array.from({ length: atATime }, caller))
  milliseconds.sort((a, b) => a - b)
  const at = (share: number) =>
    milliseconds[Math.min(milliseconds.length - 1, Math.floor(share * milliseconds.length))]!
  return { lost, wrong, worstProbabilityError: worst, medianMs: at(0.5), p99Ms: at(0.99) }
}

// Compiled and warm.
const few = asked.slice(0, 32)
await served(few, await predicted(few))
const taken: (Awaited<ReturnType<typeof served>> &
  Record<'predictPerSecond' | 'servedPerSecond' | 'imagesPerBatch', number>)[] = []
for (let round = 0; round < rounds; round++) {
  const plain = await timed(() => predicted(asked))
  const before = batches
  const answers = await timed(() => served(asked, plain.result))
  taken.push({
    ...answers.result,
    predictPerSecond: requests / plain.seconds,
    servedPerSecond: requests / answers.seconds,
    imagesPerBatch: requests / (batches - before),
  })
}
await stop()
await service.release()
await classifier.release()
await run.model.close()

const of = (figure: keyof (typeof taken)[number]) => median(taken.map((round) => round[figure]))
const all = (figure: 'lost' | 'wrong') => taken.reduce((sum, round) => sum + round[figure], 0)
console.log(
  `${machineLine(threads)}; medians of ${rounds} rounds of ${requests} requests, ${atATime} at a time`,
)
console.log(
  `lost, wrong       ${all('lost')}, ${all('wrong')} (largest difference of a probability ${Math.max(...taken.map((round) => round.worstProbabilityError)).toExponential(1)})`,
)
console.log(`served a second   ${of('servedPerSecond').toFixed(0)}`)
console.log(`predict a second  ${of('predictPerSecond').toFixed(0)}`)
console.log(`images a batch    ${of('imagesPerBatch').toFixed(1)}`)
console.log(
  `answered within   ${of('medianMs').toFixed(0)} ms (half), ${of('p99Ms').toFixed(0)} ms (99 in a hundred)`,
)
writeFigures(json, { requests, atATime, rounds: taken }, threads)
if (all('lost') + all('wrong') > 0) process.exitCode = 1
