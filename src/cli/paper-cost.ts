import { readFile } from 'node:fs/promises'
import { createClassifier, type Run } from '../core/evaluate/create-classifier.js'
import { medianOf } from '../core/evaluate/statistics.js'
import { graphCost, input, sizeOf } from '../core/graph/index.js'
import { shapeOf } from '../core/methods/parameter-shape.js'
import { configure } from '../core/methods/registry.js'
import { Trainer } from '../core/train/trainer.js'
import { formatTable } from '../lab/results/formats/text-table.js'
import { loadRun } from '../node/run.js'
import { readLog } from '../node/runs/run-directory.js'
import { modelFrom, type RuntimeFlags } from './options.js'

/** Images of a batch whose time is taken, as in the paper's table, and how often. */
const BATCH = 100
const REPEATS = 3

/** What this reads of a `comparison.json`. */
interface Compared {
  readonly rows: readonly {
    readonly title: string
    readonly settings: { readonly batchSize: number }
    readonly hm: { readonly mean: number } | null
    readonly stepSeconds: number | null
    readonly runs: readonly { readonly folder: string }[]
  }[]
}

/**
 * The columns of the paper's table of costs, of the runs of a finished comparison: operations an image from the graphs, time
 * of all steps, and images a second that a run's classifier does.
 *
 * @param out folder of the comparison
 */
export async function measuredCosts(out: string, flags: RuntimeFlags): Promise<string> {
  const { rows } = JSON.parse(await readFile(`${out}/comparison.json`, 'utf8')) as Compared
  const cells: string[][] = []
  for (const { title, settings, hm, stepSeconds, runs } of rows) {
    const { folder } = runs[0]!
    const run = await loadRun(folder, modelFrom(flags))
    try {
      const steps = (await readLog(folder)).filter(({ event }) => event === 'step').length
      cells.push([
        title,
        ((await trainingFlops(run, settings.batchSize)) / 1e9).toFixed(3),
        (testFlops(run) / 1e9).toFixed(3),
        stepSeconds === null ? '-' : ((stepSeconds * steps) / 60).toFixed(2),
        (await imagesPerSecond(run)).toFixed(1),
        hm ? hm.mean.toFixed(2) : '-',
      ])
    } finally {
      await run.model.close()
    }
  }
  const head = ['measured here', 'GFLOP train', 'GFLOP test', 'minutes', 'images/s', 'HM']
  return `${formatTable(head, cells)}
GFLOP: products an image, forward and backward in training; texts of classes are encoded once a step in training, and in
tests not at all but by CoCoOp, for each image. Minutes: all steps. Images/s: of ${BATCH} at once from pixels, texts known.`
}

/** Operations of a training step for one of its images. */
async function trainingFlops({ prompts, model: { clip } }: Run, batchSize: number): Promise<number> {
  const { graph } = await Trainer.plan({ method: configure(prompts, clip), batchSize })
  return graph.flops / batchSize
}

/** Operations from an image's pixels to its logits. */
function testFlops({ prompts, model: { clip } }: Run): number {
  const method = configure(prompts, clip)
  const head = method.head(prompts.classNames)
  const pixels = input('images', [1, ...clip.imageTower.inputs])
  const values = new Map(
    method.parameters.map((spec) => {
      const { length } = prompts.parameters.get(spec.name)!
      return [spec.name, input(spec.name, shapeOf(spec, length))]
    }),
  )
  const text = head.text && input('text', [prompts.classNames.length, clip.config.embedDim])
  const images = head.features ? head.features.tower(pixels) : pixels
  const { logits } = head.classify(images, (name) => values.get(name)!, text)
  return graphCost({ logits }).flops
}

/** Images a second of a run's classifier, the median of several batches behind a first one. */
async function imagesPerSecond(run: Run): Promise<number> {
  await using classifier = await createClassifier(run)
  const images = new Float32Array(BATCH * sizeOf(run.model.clip.imageTower.inputs))
  await classifier.classify(images)
  const seconds: number[] = []
  for (let i = 0; i < REPEATS; i++) {
    const start = performance.now()
    await classifier.classify(images)
    seconds.push((performance.now() - start) / 1000)
  }
  return BATCH / medianOf(seconds)!
}
