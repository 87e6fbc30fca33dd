import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { keyValues } from '../src/cli/options.js'
import { photoTemplate } from '../src/core/clip/templates.js'
import { selectClasses } from '../src/core/data/base-novel.js'
import type { Dataset } from '../src/core/data/dataset.js'
import { zeroShotClassifier } from '../src/core/evaluate/classifier.js'
import { createClassifier } from '../src/core/evaluate/create-classifier.js'
import { evaluateClassifier } from '../src/core/evaluate/evaluate.js'
import { harmonicMean } from '../src/core/evaluate/metrics.js'
import { type Summary, summarize, summarizePairs } from '../src/core/evaluate/statistics.js'
import { methodNamed } from '../src/core/methods/registry.js'
import { measureLinearProbe } from '../src/core/probe/measure-probe.js'
import { resolveSettings } from '../src/core/train/settings.js'
import { trainPrompts } from '../src/core/train/train-prompts.js'
import { loadModel } from '../src/node/model.js'
import { openDataset } from '../src/node/open-dataset.js'
import { median, table, writeFigures } from './figures.js'
import { machineLine } from './machine.js'
import { benchOptions } from './options.js'

// What the methods that learn from frozen features know of the classes they were trained on and of others, and the time
// they take to learn, on draws of the emoji world: base and novel classes among themselves, and both kinds among all classes, as
// whoever adds classes to a run sees them. Every draw is done by all methods before the next one.
// Usage: npm run bench:fast -- [--sets emoji-food] [--draws 10] [--first 1] [--methods prolip,prolip:views=2]
// [--shots 16] [--epochs 10] [--threads 1] [--json FILE]
// --epochs are those of methods that train prompts, which make batches of 4 at the learning rate 0.0005.

const { shots, draws, first, epochs, threads, json, ...options } = benchOptions({
  sets: 'emoji-food',
  draws: 10,
  first: 1,
  methods: 'zero-shot,linear-probe,prolip,tip-adapter,tip-adapter-f,gda',
  shots: 16,
  epochs: 10,
  threads: 1,
})

// Training keeps no views in the cache; test images, which all methods are measured on, are encoded once.
const cache = mkdtempSync(join(tmpdir(), 'promptsrc-fast-'))
process.env.PROMPTSRC_CACHE = cache
const model = await loadModel('emoji', { threads })
const sha256 = await model.hash()

/** Accuracies in percent, those of figures that a method has not left out. */
interface Figures {
  readonly base: number
  readonly novel?: number
  readonly hm?: number
  /** Base and novel images among all classes. */
  readonly baseOfAll?: number
  readonly novelOfAll?: number
  readonly hmOfAll?: number
  /** From opened data to what was learned. */
  readonly seconds: number
}

type Classify = (classNames: readonly string[]) => ReturnType<typeof createClassifier>

async function figures(data: Dataset, classify: Classify, seconds: number): Promise<Figures> {
  const accuracy = async (classNames: readonly string[], images: Dataset['test']) => {
    await using classifier = await classify(classNames)
    const { metrics } = await evaluateClassifier(classifier, images)
    return metrics.accuracy
  }
  const [baseSet, novelSet] = [selectClasses(data, 'base'), selectClasses(data, 'novel')]
  const isBase = ({ label }: { readonly label: number }) =>
    baseSet.classNames.includes(data.classNames[label]!)
  const base = await accuracy(baseSet.classNames, baseSet.test)
  const novel = await accuracy(novelSet.classNames, novelSet.test)
  const baseOfAll = await accuracy(data.classNames, data.test.filter(isBase))
  const novelOfAll = await accuracy(
    data.classNames,
    data.test.filter((image) => !isBase(image)),
  )
  return {
    base,
    novel,
    hm: harmonicMean(base, novel),
    baseOfAll,
    novelOfAll,
    hmOfAll: harmonicMean(baseOfAll, novelOfAll),
    seconds,
  }
}

/** @param spec a method, with options where it has any, and `lr`: `prolip:views=2`; `views` of a method that trains prompts are those of `train --views` */
async function measured(spec: string, data: Dataset): Promise<Figures> {
  const [name = '', ...given] = spec.split(':')
  const { lr, ...options } = keyValues(given)
  const { clip, runtime, caches } = model
  const start = performance.now()
  const seconds = () => (performance.now() - start) / 1000
  if (name === 'zero-shot') {
    const classify: Classify = (classNames) =>
      zeroShotClassifier({ clip, runtime, classNames, caches }, [photoTemplate])
    return figures(data, classify, seconds())
  }
  if (name === 'linear-probe') {
    const { evaluation } = await measureLinearProbe({ model, data, shots, seed: 1, classes: 'base' })
    return { base: evaluation.metrics.accuracy, seconds: seconds() }
  }
  const method = methodNamed(name)
  const trainsPrompts = (method.learning ?? 'images') === 'images'
  const { views, ...others } = options
  const methodOptions = trainsPrompts ? others : options
  const input = {
    method: name,
    shots,
    seed: 1,
    classes: 'base' as const,
    methodOptions,
    ...(lr === undefined ? {} : { learningRate: Number(lr) }),
    ...(trainsPrompts ? { epochs, batchSize: 4, learningRate: 0.0005 } : {}),
    ...(trainsPrompts && views !== undefined ? { views: Number(views) } : {}),
  }
  const resolved = resolveSettings(input, clip)
  const events = trainPrompts({ model, data, ...input })
  let next = await events.next()
  while (!next.done) next = await events.next()
  const learned = {
    method,
    methodOptions: resolved.methodOptions,
    parameters: next.value.parameters,
    classNames: selectClasses(data, 'base').classNames,
    model: { name: model.name, sha256 },
  }
  const took = seconds()
  return figures(data, (classNames) => createClassifier({ prompts: learned, model }, { classNames }), took)
}

const names = options.methods.split(',')
const sets = options.sets.split(',')
const found: { readonly method: string; readonly data: string; readonly figures: Figures }[] = []

// Whatever is loaded at first use is no method's.
await measured(names.find((name) => name !== 'zero-shot')!, await openDataset('emoji-food'))
for (const set of sets) {
  for (let draw = first; draw < first + draws; draw++) {
    const data = await openDataset(`${set}@${draw}`)
    for (const method of names) {
      const one = await measured(method, data)
      found.push({ method, data: data.name, figures: one })
      process.stderr.write(
        `${data.name} ${method} ${one.base.toFixed(1)} ${one.novel?.toFixed(1) ?? '-'}, ${one.seconds.toFixed(1)} s\n`,
      )
    }
    // After every draw, so that what a busy machine allowed is kept.
    writeFigures(json, { shots, sets, first, draws, found }, threads)
  }
}

type Quantity = keyof Figures
const valuesOf = (method: string, quantity: Quantity) =>
  found.flatMap(({ method: of, figures }) => (of === method ? (figures[quantity] ?? []) : []))
const shown = ({ mean, std, interval }: Summary) =>
  interval
    ? `${mean.toFixed(1)} ± ${std!.toFixed(1)} (${interval.map((x) => x.toFixed(1)).join(' to ')})`
    : mean.toFixed(1)
const cell = (method: string, quantity: Quantity) => {
  const all = valuesOf(method, quantity)
  return all.length > 0 ? shown(summarize(all)) : '-'
}
const accuracies = ['base', 'novel', 'hm', 'baseOfAll', 'novelOfAll', 'hmOfAll'] as const
const rows = names.map((method) => {
  const seconds = median(valuesOf(method, 'seconds')).toFixed(1)
  return [method, ...accuracies.map((quantity) => cell(method, quantity)), seconds]
})
if (names.includes('zero-shot')) {
  for (const method of names.filter((name) => name !== 'zero-shot')) {
    const differences = accuracies.map((quantity) => {
      const own = valuesOf(method, quantity)
      return own.length > 0 ? shown(summarizePairs(own, valuesOf('zero-shot', quantity))) : '-'
    })
    rows.push([`${method} − zero-shot`, ...differences, ''])
  }
}
console.log(`${machineLine(threads)}\n`)
console.log(table(['method', ...accuracies, 'seconds'], rows))
await model.close()
rmSync(cache, { recursive: true })
