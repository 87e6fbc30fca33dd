import { suggestImages } from '../src/core/curate/suggest.js'
import type { Dataset, Datum } from '../src/core/data/dataset.js'
import { createClassifier } from '../src/core/evaluate/create-classifier.js'
import { evaluateClassifier } from '../src/core/evaluate/evaluate.js'
import { type Summary, summarize, summarizePairs } from '../src/core/evaluate/statistics.js'
import { methodNamed } from '../src/core/methods/registry.js'
import { randomStream } from '../src/core/random.js'
import { resolveSettings } from '../src/core/train/settings.js'
import { trainPrompts } from '../src/core/train/train-prompts.js'
import { loadModel } from '../src/node/model.js'
import { drawnDataset } from '../src/node/world/drawn-sets.js'
import { table, writeFigures } from './figures.js'
import { machineLine } from './machine.js'
import { benchOptions } from './options.js'

// Accuracy against labels: training begins with one labelled picture a class, then labels are bought, a picture a class at
// a time, those that `suggest` names or pictures taken at random. The pool is a set's training part as it is, or with rare classes:
// the first class keeps all its pictures, the last a tenth of them. Accuracy is that of the set's test part, over all classes.
// Usage: npm run bench:suggest -- [--set emoji-food] [--draws 101,102,103] [--rounds 5] [--method promptsrc] [--epochs 10]
// [--rare] [--threads 1] [--json FILE]
// --rounds: of labels.

const { set, rounds, method, epochs, rare, threads, json, ...options } = benchOptions({
  set: 'emoji-food',
  draws: '101,102,103',
  rounds: 5,
  method: 'promptsrc',
  epochs: 10,
  rare: false,
  threads: 1,
})
const model = await loadModel('emoji', { threads })

/** A classifier that has learned from these pictures. */
async function learned(data: Dataset, labelled: readonly Datum[]) {
  const settings = resolveSettings(
    {
      method,
      shots: labelled.length,
      ...(method === 'gda' ? {} : { epochs, batchSize: 4, learningRate: 0.0005 }),
    },
    model.clip,
  )
  const training = trainPrompts({ model, data: { ...data, train: labelled }, ...settings })
  let next = await training.next()
  while (!next.done) next = await training.next()
  const prompts = {
    method: methodNamed(settings.method),
    methodOptions: settings.methodOptions,
    parameters: next.value.parameters,
    classNames: data.classNames,
    model: { name: model.name, sha256: await model.hash() },
  }
  return createClassifier({ model, prompts }, { batchSize: 16 })
}

/** Accuracies by round. */
async function curve(draw: string, way: 'suggested' | 'random'): Promise<number[]> {
  const data = drawnDataset(`${set}@${draw}`)
  const random = randomStream(Number(draw), `labels ${way}`)
  const byClass = data.classNames.map((_, label) => data.train.filter((datum) => datum.label === label))
  const first = byClass.map(([datum]) => datum!)
  let pool = byClass.flatMap(([, ...rest], i) => {
    const share = rare ? 1 - (0.9 * i) / (byClass.length - 1) : 1
    return rest.slice(0, Math.max(1, Math.round(share * rest.length)))
  })
  const labelled = [...first]
  const accuracies: number[] = []
  for (let round = 0; round < rounds; round++) {
    await using classifier = await learned(data, labelled)
    const { metrics } = await evaluateClassifier(classifier, data.test)
    accuracies.push(metrics.accuracy)
    if (round === rounds - 1) break
    const named = (data: readonly Datum[]) => data.map(({ source, load }) => ({ name: source, load }))
    const count = data.classNames.length
    const sources = new Set(
      way === 'suggested'
        ? (await suggestImages(classifier, named(pool), { count, labelled: named(labelled) })).map(
            ({ image }) => image,
          )
        : random
            .shuffle(pool)
            .slice(0, count)
            .map(({ source }) => source),
    )
    labelled.push(...pool.filter(({ source }) => sources.has(source)))
    pool = pool.filter(({ source }) => !sources.has(source))
  }
  return accuracies
}

const draws = options.draws.split(',')
const classes = drawnDataset(`${set}@${draws[0]}`).classNames.length
const curves = { suggested: [] as number[][], random: [] as number[][] }
for (const draw of draws) {
  for (const way of ['suggested', 'random'] as const) {
    curves[way].push(await curve(draw, way))
    console.error(
      draw,
      way,
      curves[way]
        .at(-1)!
        .map((accuracy) => accuracy.toFixed(1))
        .join(' '),
    )
  }
}
const rows = Array.from({ length: rounds }, (_, round) => {
  const [suggested, random] = [curves.suggested, curves.random].map((all) =>
    all.map((accuracies) => accuracies[round]!),
  )
  const text = ({ mean, std }: Summary) => `${mean.toFixed(1)} ± ${(std ?? 0).toFixed(1)}`
  const figures = [summarize(suggested!), summarize(random!), summarizePairs(suggested!, random!)]
  return [`${classes * (round + 1)}`, ...figures.map(text)]
})
console.log(`${machineLine(threads)}\n`)
console.log(table(['labels', 'suggested', 'random', 'difference'], rows))
writeFigures(json, { set, draws, method, epochs, rare, curves }, threads)
await model.close()
