import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { limiter } from '../src/core/data/ahead.js'
import { evalBatches } from '../src/core/data/loader.js'
import { zeroShotClassifier } from '../src/core/evaluate/classifier.js'
import { frozenImageTower } from '../src/core/evaluate/frozen-image-tower.js'
import { imageFeatures } from '../src/core/evaluate/image-features.js'
import { graphCost, input } from '../src/core/graph/index.js'
import { inputLength, normalize, testTransform } from '../src/core/image/preprocess.js'
import type { ModelCaches } from '../src/core/model.js'
import { DiskCache } from '../src/node/cache/disk-cache.js'
import { modelCaches } from '../src/node/cache/model-caches.js'
import { FileDatum } from '../src/node/data/file-datum.js'
import { ImageFolder } from '../src/node/data/image-folder.js'
import { benchedClip } from './benched-clip.js'
import { drawPhoto } from './drawn-inputs.js'
import { median, table, timed, writeFigures } from './figures.js'
import { machineLine } from './machine.js'
import { benchOptions } from './options.js'

// Images a second through an evaluation, by model: decoded (JPEGs of 500 x 375), preprocessed, both as an evaluation does it
// (in batches), and through the image tower, apart; all of it together with nothing cached, with decoded pixels cached and with features cached; and the texts of
// 100 classes. Models of published sizes have random weights. All take turns in every round.
// Usage: npm run bench:eval -- [--models tiny,emoji,ViT-B/32,ViT-B/16] [--images 200] [--rounds 3] [--threads 2] [--quick]
// [--json FILE]
// --images: models of published sizes see a quarter of these. --quick: one round of tiny with 16 images.

const options = benchOptions({ models: String, images: Number, rounds: Number, threads: 2, quick: false })
const { quick, threads, json } = options
const models = (options.models ?? (quick ? 'tiny' : 'tiny,emoji,ViT-B/32,ViT-B/16')).split(',')
const [images, rounds] = [options.images ?? (quick ? 16 : 200), options.rounds ?? (quick ? 1 : 3)]
const classNames = Array.from({ length: 100 }, (_, i) => `name of class${i}`)
/** Images decoded at a time, as an evaluation does it. */
const AT_ONCE = 4

/** The runtime of the built package, which computes in a thread of its own while images are decoded. */
const built = new URL('../dist/node/runtime/node-runtime.js', import.meta.url).href
const { nodeRuntime } = (await import(built)) as typeof import('../src/node/runtime/node-runtime.js')

const folder = mkdtempSync(join(tmpdir(), 'promptsrc-bench-eval-'))
const photos = Array.from({ length: images }, (_, i) => `${i}.jpg`)
for (const [i, name] of photos.entries()) await drawPhoto({ path: join(folder, name), label: i % 10 }, i)

/** What is timed of a model: how many of something are done, and how. */
type Measures = Record<string, { readonly count: number; readonly work: () => Promise<unknown> }>

async function measuresOf(name: string) {
  const clip = await benchedClip({ backbone: name })
  const { preprocessing, imageTower } = clip
  const runtime = nodeRuntime({ threads })
  const published = clip.name === 'random'
  const data = photos.slice(0, published ? Math.max(16, images / 4) : images).map((photo) => {
    return new FileDatum(new ImageFolder(folder), photo, 0)
  })
  const tower = frozenImageTower(clip, runtime)
  const batch = Float32Array.from({ length: tower.batchSize * inputLength(preprocessing) }, (_, i) =>
    Math.sin(i),
  )
  const batches = Math.ceil(data.length / tower.batchSize)
  await tower.features(batch)
  const decoded = await Promise.all(data.slice(0, tower.batchSize).map((datum) => datum.load()))
  const pixels = new Float32Array(inputLength(preprocessing))

  const cached = (key: string): ModelCaches => {
    const disk = new DiskCache({
      folder: join(folder, `cache-${name.replace('/', '-')}-${key}`),
      maxBytes: 4e9,
    })
    return modelCaches(disk, { clip, runtime, hash: async () => name })
  }
  const all = cached('all')
  const features = (caches?: Pick<ModelCaches, 'pixels' | 'features'>) =>
    imageFeatures({ clip, runtime, caches: caches as ModelCaches | undefined }, data)
  const batched = async (kept?: ModelCaches['pixels']) => {
    for await (const _ of evalBatches({ data, preprocessing, batchSize: tower.batchSize, pixels: kept }));
  }
  const texts = (caches?: ModelCaches) =>
    zeroShotClassifier({ clip, runtime, caches, classNames }, ['a photo of a {}.'])
  // What is kept is kept before anything is timed.
  await features(all)
  await texts(all)
  const count = data.length
  const measures: Measures = {
    decoded: {
      count,
      work() {
        const limit = limiter(AT_ONCE)
        return Promise.all(data.map((datum) => limit(() => datum.load())))
      },
    },
    preprocessed: {
      count: decoded.length,
      async work() {
        for (const image of decoded) normalize(testTransform(image, preprocessing), preprocessing, pixels)
      },
    },
    'in batches, nothing cached': { count, work: () => batched() },
    'in batches, pixels cached': { count, work: () => batched(all.pixels) },
    'image tower': {
      count: batches * tower.batchSize,
      async work() {
        for (let i = 0; i < batches; i++) await tower.features(batch)
      },
    },
    'together, nothing cached': { count, work: () => features() },
    'together, pixels cached': { count, work: () => features({ pixels: all.pixels }) },
    'features cached': { count, work: () => features(all) },
    'texts of classes': { count: classNames.length, work: () => texts() },
    'texts of classes, cached': { count: classNames.length, work: () => texts(all) },
  }
  const cost = graphCost({ features: clip.imageFeatures(input('images', [1, ...imageTower.inputs])) })
  const release = async () => {
    await tower.release()
    await runtime.close()
  }
  return { name, gflop: cost.flops / 1e9, size: preprocessing.size, measures, release }
}

const opened: Awaited<ReturnType<typeof measuresOf>>[] = []
try {
  for (const name of models) opened.push(await measuresOf(name))
  const seconds = new Map<object, number[]>()
  for (let round = 0; round < rounds; round++) {
    for (const { measures } of opened) {
      for (const measure of Object.values(measures)) {
        const known = seconds.get(measure) ?? []
        known.push((await timed(measure.work)).seconds)
        seconds.set(measure, known)
      }
    }
  }
  const results = opened.map(({ name, gflop, size, measures }) => ({
    model: name,
    size,
    gflopAnImage: gflop,
    measures: Object.fromEntries(
      Object.entries(measures).map(([title, measure]) => {
        const rates = seconds.get(measure)!.map((s) => measure.count / s)
        return [title, { aSecond: median(rates), count: measure.count, rounds: rates }]
      }),
    ),
  }))
  console.log(`${machineLine(threads)}; medians of ${rounds} rounds\n`)
  const rate = (x: number) => x.toFixed(x < 100 ? 1 : 0)
  const titles = Object.keys(results[0]!.measures)
  const rows = [
    ['pixels a side', ...results.map(({ size }) => `${size}`)],
    ['GFLOP an image', ...results.map(({ gflopAnImage }) => gflopAnImage.toFixed(gflopAnImage < 1 ? 3 : 1))],
    ...titles.map((title) => [title, ...results.map(({ measures }) => rate(measures[title]!.aSecond))]),
  ]
  console.log(table(['a second', ...models], rows))
  writeFigures(json, { rounds, results }, threads)
} finally {
  for (const { release } of opened) await release()
  rmSync(folder, { recursive: true, force: true })
}
