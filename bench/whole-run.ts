import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { embedded } from '../src/node/hub/resolve-model.js'
import { drawPhotos, randomWeights } from './drawn-inputs.js'
import { cli } from './emoji-run.js'
import { median, table, writeFigures } from './figures.js'
import { machineLine } from './machine.js'
import { benchOptions } from './options.js'

// A whole few-shot run, from a folder of photos (JPEGs of 500 x 375) to metrics: the built `train` and `eval`, each in a
// process of its own, with nothing cached and once more with what that has left; by parts. All models take turns in every
// round. Prints a Markdown table a command.
// Usage: npm run bench:run -- [--models tiny,emoji] [--classes 10] [--shots 16] [--epochs 5] [--test 10] [--method promptsrc]
// [--rounds 3] [--threads 2] [--quick] [--json FILE]
// --models: also published sizes with random weights (ViT-B/32), which learn from 4 images a class in 1 epoch where nothing
// else is said. --test: test images a class. --quick: one round of tiny, 3 classes, 2 shots, 1 epoch.

const options = benchOptions({
  models: String,
  classes: Number,
  shots: Number,
  epochs: Number,
  test: Number,
  method: 'promptsrc',
  rounds: Number,
  threads: 2,
  quick: false,
})
const { quick, method, threads, json } = options
const count = (given: number | undefined, usual: number, least: number) => given ?? (quick ? least : usual)
const models = (options.models ?? (quick ? 'tiny' : 'tiny,emoji')).split(',')
const [classes, test, rounds] = [
  count(options.classes, 10, 3),
  count(options.test, 10, 2),
  count(options.rounds, 3, 1),
]
const isEmbedded = (model: string) => embedded.includes(model)
const shotsOf = (model: string) => count(options.shots, isEmbedded(model) ? 16 : 4, 2)
const epochsOf = (model: string) => count(options.epochs, isEmbedded(model) ? 5 : 1, 1)

/** Of the clock, and of all processors, which other work on the machine falsifies less. */
interface Spent {
  readonly seconds: number
  readonly processorSeconds: number
}

/** What bench/part-clock.mjs writes down. */
interface Clocked {
  readonly marks: Readonly<Record<string, Spent>>
  readonly sums: { readonly steps: Spent; readonly saving: Spent }
  readonly peakRssMb: number
}

const minus = (a: Spent, b: Spent): Spent => ({
  seconds: a.seconds - b.seconds,
  processorSeconds: a.processorSeconds - b.processorSeconds,
})

const nothing: Spent = { seconds: 0, processorSeconds: 0 }

/** Parts of `train`, one behind the other; together the whole process. */
function trainParts({ marks, sums }: Clocked): Record<string, Spent> {
  const { data, model, plan, create, trainer, prompts, figures, end } = marks as Record<string, Spent>
  const epochs = minus(prompts!, trainer!)
  return {
    program: data!,
    data: minus(model!, data!),
    model: minus(plan!, model!),
    plan: minus(create!, plan!),
    "compiled, teacher's texts": minus(trainer!, create!),
    steps: sums.steps,
    'images awaited': minus(minus(epochs, sums.steps), sums.saving),
    saving: sums.saving,
    evaluation: minus(figures!, prompts!),
    report: minus(end!, figures!),
    whole: end!,
  }
}

/** Parts of `eval`. */
function evalParts({ marks }: Clocked): Record<string, Spent> {
  const { data, model, image, figures, end } = marks as Record<string, Spent>
  const read = image ?? model!
  return {
    'program, run': data!,
    data: minus(model!, data!),
    'model, texts': minus(read, model!),
    images: minus(figures!, read),
    end: minus(end!, figures!),
    whole: end!,
  }
}

const folder = mkdtempSync(join(tmpdir(), 'promptsrc-bench-run-'))
const clock = pathToFileURL(fileURLToPath(new URL('./part-clock.mjs', import.meta.url))).href
const assets = fileURLToPath(new URL('../assets', import.meta.url))
const photos = join(folder, 'photos')
const [run, parts] = [join(folder, 'run'), join(folder, 'parts.json')]

interface Called {
  readonly parts: Record<string, Spent>
  readonly peakRssMb: number
  readonly accuracy: number
}

/** Calls the built command with a cache folder of its own. */
function call(model: string, cache: string, args: readonly string[]): Called {
  const { status, stdout, stderr } = spawnSync(process.execPath, ['--import', clock, cli, ...args], {
    encoding: 'utf8',
    env: {
      ...process.env,
      PROMPTSRC_CACHE: cache,
      HF_HUB_OFFLINE: '1',
      PARTS_DATA: photos,
      PARTS_MODEL: isEmbedded(model) ? join(assets, model) : model,
      PARTS_RUN: run,
      PARTS_OUT: parts,
    },
  })
  if (status !== 0) throw new Error(`${args.join(' ')}\n${stderr}`)
  const clocked = JSON.parse(readFileSync(parts, 'utf8')) as Clocked
  const printed = JSON.parse(stdout) as { accuracy?: number; test?: { accuracy: number } }
  return {
    parts: args[0] === 'train' ? trainParts(clocked) : evalParts(clocked),
    peakRssMb: clocked.peakRssMb,
    accuracy: printed.test?.accuracy ?? printed.accuracy!,
  }
}

const calls = ['train', 'train, cached', 'eval', 'eval, cached'] as const
const taken = new Map(models.map((model) => [model, calls.map((): Called[] => [])]))
try {
  await drawPhotos(photos, { classes, train: Math.max(...models.map(shotsOf)), test })
  const sources = new Map<string, string>()
  for (const model of models) {
    const random = () => randomWeights(model, join(tmpdir(), 'promptsrc-bench'))
    sources.set(model, isEmbedded(model) ? model : await random())
  }
  for (let round = 0; round < rounds; round++) {
    for (const model of models) {
      const source = sources.get(model)!
      const common = ['--threads', `${threads}`, '--json']
      const sizes = ['--shots', `${shotsOf(model)}`, '--epochs', `${epochsOf(model)}`]
      const options = ['--model', source, '--method', method, ...sizes, '--out', run, '--overwrite']
      const caches = ['train', 'eval'].map((name) => join(folder, `${name}-cache`))
      for (const cache of caches) {
        rmSync(cache, { recursive: true, force: true })
        mkdirSync(cache)
      }
      for (const [i, name] of calls.entries()) {
        const args = name.startsWith('train')
          ? ['train', photos, ...options, ...common]
          : ['eval', run, photos, ...common]
        taken.get(model)![i]!.push(call(source, caches[i >> 1]!, args))
        const { parts, accuracy } = taken.get(model)![i]!.at(-1)!
        process.stderr.write(
          `${round + 1}: ${model} ${name}: ${parts.whole!.seconds.toFixed(1)} s, ${accuracy.toFixed(1)} %\n`,
        )
      }
    }
  }
} finally {
  rmSync(folder, { recursive: true, force: true })
}

/** Medians over rounds. */
function medians(of: readonly Called[]): { parts: Record<string, Spent>; peakRssMb: number } {
  const part = (name: string, unit: keyof Spent) =>
    median(of.map(({ parts }) => (parts[name] ?? nothing)[unit]))
  return {
    parts: Object.fromEntries(
      Object.keys(of[0]!.parts).map((name) => [
        name,
        { seconds: part(name, 'seconds'), processorSeconds: part(name, 'processorSeconds') },
      ]),
    ),
    peakRssMb: median(of.map(({ peakRssMb }) => peakRssMb)),
  }
}

console.log(`${machineLine(threads)}; medians of ${rounds} rounds\n`)
const results = models.map((model) => ({
  model,
  shots: shotsOf(model),
  epochs: epochsOf(model),
  calls: Object.fromEntries(
    calls.map((name, i) => [name, { ...medians(taken.get(model)![i]!), rounds: taken.get(model)![i]! }]),
  ),
}))
for (const command of ['train', 'eval'] as const) {
  const columns = results.flatMap(({ model, calls }) =>
    [command, `${command}, cached`].map((name, i) => ({
      title: `${model}${i === 0 ? '' : ', cached'}`,
      ...calls[name]!,
    })),
  )
  const names = Object.keys(columns[0]!.parts)
  const seconds = ({ seconds, processorSeconds }: Spent) =>
    `${seconds.toFixed(2)} (${processorSeconds.toFixed(2)})`
  const rows = names.map((name) => [name, ...columns.map(({ parts }) => seconds(parts[name]!))])
  const memory = ['peak memory, MB', ...columns.map(({ peakRssMb }) => peakRssMb.toFixed(0))]
  const title = `${command}, s (of processors)`
  console.log(`${table([title, ...columns.map(({ title }) => title)], [...rows, memory])}\n`)
}
writeFigures(json, { method, classes, test, rounds, results }, threads)
