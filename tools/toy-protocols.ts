import { parseArgs } from 'node:util'
import { type ClassSelection, selectClasses } from '../src/core/data/base-novel.js'
import { type Learned, promptedClassifier, zeroShotClassifier } from '../src/core/evaluate/classifier.js'
import { evaluateClassifier } from '../src/core/evaluate/evaluate.js'
import { harmonicMean } from '../src/core/evaluate/metrics.js'
import { meanOf, summarize } from '../src/core/evaluate/statistics.js'
import { configure, methodNamed } from '../src/core/methods/registry.js'
import { resolveSettings } from '../src/core/train/settings.js'
import { trainPrompts } from '../src/core/train/train-prompts.js'
import { toyDataset, toySets } from '../src/core/world/datasets.js'
import { toyProtocols } from '../src/core/world/protocols.js'
import { embeddedSettings } from '../src/lab/plans/embedded.js'
import { formatTable } from '../src/lab/results/formats/text-table.js'
import { loadModel } from '../src/node/model.js'

// The paper's four protocols on the toy world with the tiny model, on pictures of any seed: how the sets were tuned. The
// figures in docs/toy-world.md are those of `promptsrc bench` on pictures of seed 0.
// Usage: tsx tools/toy-protocols.ts [PROTOCOL…] [--pictures 0] [--seeds 1,2,3] [--methods zero-shot,ivlp,promptsrc]

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    pictures: { type: 'string', default: '0' },
    seeds: { type: 'string', default: '1,2,3' },
    methods: { type: 'string', default: 'zero-shot,ivlp,promptsrc' },
  },
})
const wanted = new Set(positionals.length > 0 ? positionals : Object.keys(toyProtocols))
const seeds = values.seeds.split(',').map(Number)
const methodNames = values.methods.split(',')
const model = await loadModel('tiny')
const { clip, runtime } = model
const data = (name: string) => toyDataset(name, { seed: Number(values.pictures) })

/** Learned prompts; undefined for zero-shot, which learns nothing. */
async function train(
  method: string,
  name: string,
  { seed, shots = 16, classes = 'all' }: { seed: number; shots?: number; classes?: ClassSelection },
): Promise<Learned | undefined> {
  if (method === 'zero-shot') return undefined
  const input = { ...embeddedSettings(method, 'toy'), method, seed, shots, classes }
  const events = trainPrompts({ ...input, model, data: data(name) })
  let next = await events.next()
  while (!next.done) next = await events.next()
  const { methodOptions } = resolveSettings(input, clip)
  const { classNames } = selectClasses(data(name), classes)
  return {
    method: configure({ method: methodNamed(method), methodOptions, classNames }, clip),
    parameters: next.value.parameters,
  }
}

/** Accuracy in percent on the test pictures of a set. */
async function accuracy(
  learned: Learned | undefined,
  name: string,
  selection: ClassSelection = 'all',
): Promise<number> {
  const { classNames, test } = selectClasses(data(name), selection)
  const options = { clip, runtime, classNames }
  const classifier = learned
    ? await promptedClassifier(options, learned)
    : await zeroShotClassifier(options, [toySets[name]!.template])
  const { metrics } = await evaluateClassifier(classifier, test)
  await classifier.release()
  return metrics.accuracy
}

/** One row of figures for every seed; zero-shot needs one. */
async function overSeeds(method: string, measure: (seed: number) => Promise<number[]>): Promise<number[][]> {
  const rows: number[][] = []
  for (const seed of method === 'zero-shot' ? seeds.slice(0, 1) : seeds) rows.push(await measure(seed))
  return rows
}

/** Mean and standard deviation of every column. */
const cells = (rows: readonly (readonly number[])[]): string[] =>
  rows[0]!.map((_, column) => {
    const { mean, std } = summarize(rows.map((row) => row[column]!))
    return std === null ? mean.toFixed(1) : `${mean.toFixed(1)} ± ${std.toFixed(1)}`
  })

function print(title: string, head: readonly string[], rows: readonly (readonly string[])[]): void {
  console.log(`${title}\n\n${formatTable(head, rows)}\n`)
}

async function baseToNovel(datasets: readonly string[]): Promise<void> {
  const means = new Map(methodNames.map((method) => [method, [] as number[][][]]))
  for (const name of datasets) {
    const rows: string[][] = []
    for (const method of methodNames) {
      const figures = await overSeeds(method, async (seed) => {
        const learned = await train(method, name, { seed, classes: 'base' })
        const base = await accuracy(learned, name, 'base')
        const novel = await accuracy(learned, name, 'novel')
        return [base, novel, harmonicMean(base, novel)]
      })
      means.get(method)!.push(figures)
      rows.push([method, ...cells(figures)])
    }
    print(`base-to-novel, ${name}`, ['method', 'base', 'novel', 'HM'], rows)
  }
  const rows = methodNames.map((method) => {
    const sets = means.get(method)!
    const perSeed = sets[0]!.map((_, seed) => {
      const [base, novel] = [0, 1].map((column) => meanOf(sets.map((figures) => figures[seed]![column]!)))
      return [base!, novel!, harmonicMean(base!, novel!)]
    })
    return [method, ...cells(perSeed)]
  })
  print('base-to-novel, mean', ['method', 'base', 'novel', 'HM'], rows)
}

/** Trains on the source once for both protocols that have one. */
async function transfer(
  protocols: Readonly<Record<string, { source: string; targets: readonly string[] }>>,
): Promise<void> {
  const tables = Object.keys(protocols).map(() => [] as string[][])
  for (const method of methodNames) {
    const learned = new Map<string, Learned | undefined>()
    for (const [i, { source, targets }] of Object.values(protocols).entries()) {
      const figures = await overSeeds(method, async (seed) => {
        const key = `${source}-${seed}`
        if (!learned.has(key)) learned.set(key, await train(method, source, { seed }))
        const found: number[] = []
        for (const name of [source, ...targets]) found.push(await accuracy(learned.get(key), name))
        return [...found, meanOf(found.slice(1))]
      })
      tables[i]!.push([method, ...cells(figures)])
    }
  }
  for (const [i, [protocol, { source, targets }]] of Object.entries(protocols).entries()) {
    print(protocol, ['method', source, ...targets, 'mean of targets'], tables[i]!)
  }
}

async function fewShot(datasets: readonly string[], shots: readonly number[]): Promise<void> {
  const rows: string[][] = []
  for (const name of datasets) {
    for (const method of methodNames) {
      const zeroShot = method === 'zero-shot'
      const figures = await overSeeds(method, async (seed) => {
        const found: number[] = []
        for (const count of zeroShot ? [0] : shots) {
          found.push(await accuracy(await train(method, name, { seed, shots: count }), name))
        }
        return found
      })
      const shown = cells(figures)
      rows.push([name, method, ...(zeroShot ? shots.map(() => shown[0]!) : shown)])
    }
  }
  print('few-shot', ['data set', 'method', ...shots.map((count) => `${count} shots`)], rows)
}

if (wanted.has('base-to-novel')) await baseToNovel(toyProtocols['base-to-novel'].datasets)
const sourced = (['cross-dataset', 'domain-generalization'] as const).filter((name) => wanted.has(name))
if (sourced.length > 0) await transfer(Object.fromEntries(sourced.map((name) => [name, toyProtocols[name]])))
if (wanted.has('few-shot')) {
  const { datasets, shots } = toyProtocols['few-shot']
  await fewShot(datasets, shots)
}
await model.close()
