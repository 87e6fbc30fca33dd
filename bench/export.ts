import type { Run } from '../src/core/evaluate/create-classifier.js'
import { type ExportPrecision, precisions } from '../src/core/export/exporter.js'
import { type FixedClasses, fixedClasses } from '../src/core/export/fixed-classes.js'
import { inPrecision } from '../src/core/export/precision.js'
import { input } from '../src/core/graph/index.js'
import { modelFiles } from '../src/core/graph/model-file.js'
import { OpenSizes } from '../src/core/graph/open-sizes.js'
import { normalize, testTransform } from '../src/core/image/preprocess.js'
import type { RgbImage } from '../src/core/image/resize.js'
import type { Model } from '../src/core/model.js'
import { OPEN, storedModel } from '../src/core/runtime/session.js'
import type { Tokenizer } from '../src/core/tokenizer/tokenizer.js'
import { backbones, randomClip, wordTokenizer } from '../src/core/weights/random-clip.js'
import { loadModel } from '../src/node/model.js'
import { nodeRuntime } from '../src/node/runtime/node-runtime.js'
import { drawnDataset } from '../src/node/world/drawn-sets.js'
import { learnedRun } from '../test/support/learned-run.js'
import { bytesOfStream } from '../test/support/model-bytes.js'
import { agreement, predictedLogits, relativeError, tops } from '../test/support/written-export.js'
import type { ExportQuestion, TimedExport } from './export-page.js'
import { median, table, writeFigures } from './figures.js'
import { BrowserBench } from './in-browser.js'
import { machineLine } from './machine.js'
import { type Measured, measured } from './measured-model.js'
import { benchOptions } from './options.js'

// What each precision of an exported classifier takes and is worth, in Node and in headless Chromium (WebAssembly): size,
// time a picture, memory, error of the logits against `predict`, accuracy. PromptSRC's starting prompts, moved a little, on
// test pictures of a drawn set; published sizes stand with random weights. Precisions take turns in every round.
// Usage: npm run bench:export -- [--models tiny,emoji,ViT-B/16] [--pictures 200] [--large-pictures 10] [--runs 20]
// [--rounds 3] [--threads 1] [--json FILE]
// --pictures: of a drawn set, that accuracy and errors are taken of. --large-pictures: the same of models with random
// weights, errors alone. --runs: timed, on the first picture.

const { models, pictures, largePictures, runs, rounds, threads, json } = benchOptions({
  models: 'tiny,emoji,ViT-B/16',
  pictures: 200,
  largePictures: 10,
  runs: 20,
  rounds: 3,
  threads: 1,
})

/** Pictures that are classified in a page, where each takes several times as long. */
const IN_BROWSER = 20

using bench = await BrowserBench.build('bench/export-page.ts')
console.log(`${machineLine(threads)}; medians of ${rounds} rounds`)
const results: object[] = []
for (const name of models.split(',')) results.push(await compared(name))
writeFigures(json, { runs, results }, threads)

async function compared(name: string): Promise<object> {
  const isTrained = !Object.hasOwn(backbones, name)
  await using model = isTrained ? await loadModel(name, { threads }) : randomModel(name)
  const data = drawnDataset(name === 'emoji' ? 'emoji-food' : 'toy')
  const run = await learnedRun(model, 'promptsrc', {}, data.classNames)
  const every = Math.max(1, Math.floor(data.test.length / pictures))
  const taken = data.test.filter((_, i) => i % every === 0).slice(0, isTrained ? pictures : largePictures)
  const images = await Promise.all(taken.map((picture) => picture.load()))
  const expected = await predictedLogits(run, images)
  const classes = data.classNames.length
  const labels = taken.map(({ label }) => label)
  const right = (logits: ArrayLike<number>, truth: readonly number[]) =>
    agreement(tops(logits, classes), truth).toFixed(1)
  const first = expected.subarray(0, Math.min(IN_BROWSER, images.length) * classes)

  const found = await measuredInTurns(model, run, images)
  const rows = [...found].map(([precision, { bytes, node, page }]) => [
    precision,
    (bytes / 1e6).toFixed(2),
    ...times(node),
    relativeError(node[0]!.logits, expected).toExponential(1),
    right(node[0]!.logits, tops(expected, classes)),
    isTrained ? right(node[0]!.logits, labels) : '',
    ...(page.length > 0
      ? [
          ...times(page),
          median(page.map(({ megabytes }) => megabytes)).toFixed(0),
          relativeError(page[0]!.logits, first).toExponential(1),
          right(page[0]!.logits, tops(first, classes)),
        ]
      : ['', '', '', '', '']),
  ])
  const accuracy = isTrained
    ? `accuracy of predict ${right(expected, labels)} %`
    : 'random weights, no accuracy'
  console.log(`\n${name}, ${images.length} pictures, ${classes} classes, ${accuracy}`)
  const there = ['ready s', 'peak MB', 'error', 'same answer %']
  const head = ['precision', 'MB', 'Node: ms', 'ready s', 'error', 'same answer %', 'accuracy %']
  console.log(table([...head, 'Chromium: ms', ...there], rows))
  // Every round has the same logits, which the table has judged.
  const rounded = (all: readonly Measured[]) => all.map(({ logits, ...figures }) => figures)
  const precisions = [...found].map(([precision, { bytes, node, page }]) => {
    return { precision, bytes, node: rounded(node), page: rounded(page) }
  })
  return { model: name, pictures: images.length, classes, precisions }
}

/** Of every round. */
interface Found {
  readonly bytes: number
  readonly node: Measured[]
  /** Empty where it does not fit into a page. */
  readonly page: (Measured & { readonly megabytes: number })[]
}

/** Every precision of a run's classifier, in turns. */
async function measuredInTurns(
  model: Model,
  run: Run,
  images: readonly RgbImage[],
): Promise<Map<ExportPrecision, Found>> {
  const { pixels, side } = pixelsOf(images, model)
  const classifier = await fixedClasses(run)
  const own = { side, pixels, pictures: images.length, runs }
  const question = { side, pictures: Math.min(IN_BROWSER, images.length), runs, threads }
  const found = new Map<ExportPrecision, Found>()
  for (let round = 0; round < rounds; round++) {
    for (const precision of precisions) {
      const bytes = await classifierBytes(classifier, side, precision)
      const known = found.get(precision) ?? { bytes: bytes.length, node: [], page: [] }
      found.set(precision, known)
      known.node.push(await measuredInNode(bytes, own))
      try {
        known.page.push(await inChromium(bytes, pixels, question))
      } catch (error) {
        console.error(`${precision} is not computed in Chromium: ${(error as Error).message.split('\n')[0]}`)
      }
    }
  }
  return found
}

/** A model of a published one's sizes and random weights. */
function randomModel(name: string): Model {
  const runtime = nodeRuntime({ threads })
  const close = () => runtime.close()
  return {
    clip: randomClip(backbones[name as keyof typeof backbones], wordTokenizer as Tokenizer),
    runtime,
    name,
    source: name,
    hash: async () => '0'.repeat(64),
    close,
    [Symbol.asyncDispose]: close,
  }
}

/** Normalised pixels, as `predict` makes them. */
function pixelsOf(images: readonly RgbImage[], { clip: { preprocessing } }: Model) {
  const side = preprocessing.size
  const pixels = new Float32Array(images.length * 3 * side * side)
  for (const [i, image] of images.entries()) {
    normalize(testTransform(image, preprocessing), preprocessing, pixels, i * 3 * side * side)
  }
  return { pixels, side }
}

/** A classifier from normalised pixels to logits, as `export --format onnx` has it. */
async function classifierBytes(
  classifier: FixedClasses,
  side: number,
  precision: ExportPrecision,
): Promise<Uint8Array<ArrayBuffer>> {
  const sizes = new OpenSizes('batch')
  const images = input('pixel_values', [sizes.size('batch'), 3, side, side])
  const outputs = inPrecision({ logits: classifier.logits(images) }, precision)
  const files = await modelFiles(outputs, { name: 'model.onnx', sizes, inputs: [images] })
  return new Uint8Array(await bytesOfStream(files.get('model.onnx')!))
}

async function measuredInNode(bytes: Uint8Array, what: Parameters<typeof measured>[1]): Promise<Measured> {
  await using runtime = nodeRuntime({ threads })
  // Its bytes are given away.
  const model = storedModel(bytes.slice(), { pixel_values: [OPEN, 3, what.side, what.side] })
  return await measured(() => runtime.compile(model), what)
}

async function inChromium(bytes: Uint8Array, pixels: Float32Array, question: ExportQuestion) {
  const seen = pixels.subarray(0, question.pictures * 3 * question.side ** 2)
  const files = {
    '/model.onnx': bytes,
    '/pixels.bin': new Uint8Array(seen.buffer, seen.byteOffset, seen.byteLength),
  }
  const { result, megabytes } = await bench.inPage({ threads, files }, (page) =>
    page.evaluate((asked) => (window as unknown as { timed: TimedExport }).timed(asked), question),
  )
  return { ...result, megabytes }
}

/** Milliseconds a picture, and seconds to the first one. */
function times(rounds: readonly Measured[]): string[] {
  const ms = 1000 * median(rounds.map(({ runSeconds }) => runSeconds))
  return [ms.toFixed(ms < 100 ? 1 : 0), median(rounds.map(({ readySeconds }) => readySeconds)).toFixed(2)]
}
