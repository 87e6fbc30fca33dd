import { readdirSync, readFileSync } from 'node:fs'
import { loadavg } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { createClassifier } from '../src/core/evaluate/create-classifier.js'
import { conceptTemperature } from '../src/core/evaluate/none-of-these.js'
import { predict } from '../src/node/data/predict.js'
import { loadRun } from '../src/node/run.js'
import { serverApp } from '../src/server/app.js'
import { ClassifyService } from '../src/server/classify-service.js'
import { listen } from '../src/server/listen.js'
import { Metrics } from '../src/server/metrics.js'

// Requests over loopback, many at a time, beside the plain rate of predict on the same images in the same process: none may be
// lost, and every answer must be the one that predict gives. Server and callers share this process and its cores.
// Usage: npm run bench:serve -- RUN FOLDER [--requests 1000] [--at-a-time 32] [--threads 1] [--json]

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    requests: { type: 'string', default: '1000' },
    'at-a-time': { type: 'string', default: '32' },
    threads: { type: 'string', default: '1' },
    json: { type: 'boolean', default: false },
  },
})
const [runPath, folder] = positionals
if (!runPath || !folder) throw new Error('give a run and a folder of images')
const [requests, atATime, threads] = [values.requests, values['at-a-time'], values.threads].map(Number) as [
  number,
  number,
  number,
]

const pictures = readdirSync(folder, { recursive: true, encoding: 'utf8' })
  .filter((name) => /\.(png|jpe?g|webp)$/i.test(name))
  .sort()
  .slice(0, requests)
  .map((name) => new Uint8Array(readFileSync(join(folder, name))))
const asked = Array.from({ length: requests }, (_, i) => pictures[i % pictures.length]!)

const run = await loadRun(runPath, { threads })
const classifier = await createClassifier(run)
// Compiled and warm.
for await (const _ of predict(classifier, asked.slice(0, 32)));

const expected: { className: string; probability: number }[] = []
const plainStart = performance.now()
for await (const { classes } of predict(classifier, asked)) expected.push(classes[0]!)
const plain = performance.now() - plainStart
await classifier.release()

const metrics = new Metrics()
const temperature = await conceptTemperature(run.model.clip)
let batches = 0
const service = await ClassifyService.open(run, {
  rejection: () => ({ temperature, threshold: 0 }),
  onBatch: () => batches++,
})
const app = serverApp(service, metrics, {
  maxBytes: 20e6,
  maxClasses: 256,
  maxRequests: 64,
  origins: [],
  loopbackOnly: true,
  stopping: () => false,
  onError: (error) => console.error(error),
})
const { url, stop } = await listen(app.fetch, { host: '127.0.0.1', port: 0 })
const times: number[] = []
let [next, lost, wrong, worst] = [0, 0, 0, 0]

async function caller(): Promise<void> {
  for (let i = next++; i < requests; i = next++) {
    const start = performance.now()
    const response = await fetch(`${url}/classify`, { method: 'POST', body: asked[i]! }).catch(
      () => undefined,
    )
    if (response?.status !== 200) {
      lost++
      continue
    }
    const { classes } = (await response.json()) as { classes: { className: string; probability: number }[] }
    times.push(performance.now() - start)
    const { className, probability } = expected[i]!
    const found = classes.find((each) => each.className === className)
    const error = Math.abs((found?.probability ?? 0) - probability)
    worst = Math.max(worst, error)
    if (error > 1e-4) wrong++
  }
}

const served = performance.now()
await Promise.all(Array.from({ length: atATime }, caller))
const seconds = (performance.now() - served) / 1000
await stop()
await service.release()
await run.model.close()

times.sort((a, b) => a - b)
const at = (share: number) => Math.round(times[Math.min(times.length - 1, Math.floor(share * times.length))]!)
const result = {
  requests,
  atATime,
  threads,
  lost,
  wrong,
  worstProbabilityError: worst,
  servedPerSecond: requests / seconds,
  predictPerSecond: (1000 * requests) / plain,
  imagesPerBatch: requests / batches,
  medianMs: at(0.5),
  p99Ms: at(0.99),
  load: loadavg()[0],
}
if (values.json) console.log(JSON.stringify(result))
else for (const [name, value] of Object.entries(result)) console.log(name.padEnd(22), value)
if (lost + wrong > 0) process.exitCode = 1
