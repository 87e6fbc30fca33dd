import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import sharp from 'sharp'
import type { Datum } from '../src/core/data/dataset.js'
import { evalBatches, type PixelCache } from '../src/core/data/loader.js'
import { zeroShotClassifier } from '../src/core/evaluate/classifier.js'
import { imageFeatures } from '../src/core/evaluate/image-features.js'
import { clipPreprocessing } from '../src/core/image/preprocess.js'
import { randomStream } from '../src/core/random.js'
import type { Tokenizer } from '../src/core/tokenizer/tokenizer.js'
import { DiskCache } from '../src/node/cache/disk-cache.js'
import { modelCaches, pixelCache } from '../src/node/cache/model-caches.js'
import { FileDatum } from '../src/node/data/file-datum.js'
import { ImageFolder } from '../src/node/data/image-folder.js'
import { nodeRuntime } from '../src/node/runtime/node-runtime.js'
import { backbones, randomClip, wordTokenizer } from '../test/support/random-clip.js'

// Evaluation images decoded and resized against read from the cache; with --features also frozen features and text
// features of a model of a published size with random weights.
// Usage: npm run bench:cache -- [--images 500] [--rounds 3] [--features 64] [--backbone ViT-B/16] [--json FILE]

const { values } = parseArgs({
  options: {
    images: { type: 'string', default: '500' },
    rounds: { type: 'string', default: '3' },
    features: { type: 'string', default: '0' },
    backbone: { type: 'string', default: 'ViT-B/16' },
    json: { type: 'string' },
  },
})
const [images, rounds, featureImages] = [values.images, values.rounds, values.features].map(Number) as [
  number,
  number,
  number,
]
const folder = await mkdtemp(join(tmpdir(), 'promptsrc-bench-cache-'))
const median = (list: readonly number[]) => [...list].sort((a, b) => a - b)[Math.floor(list.length / 2)]!
const timed = async (work: () => Promise<unknown>) => {
  const start = performance.now()
  await work()
  return performance.now() - start
}

/** A photo's amount of detail: a few dozen soft blots under fine noise. */
async function photo(i: number): Promise<Datum> {
  const random = randomStream(1, 'photo', i)
  const [width, height] = [500, 375]
  const small = Uint8Array.from({ length: 50 * 38 * 3 }, () => random.integer(256))
  const soft = await sharp(small, { raw: { width: 50, height: 38, channels: 3 } })
    .resize(width, height, { fit: 'fill' })
    .raw()
    .toBuffer()
  const noisy = soft.map((value) => Math.max(0, Math.min(255, value + random.integer(25) - 12)))
  const path = join(folder, `${i}.jpg`)
  const raw = { width, height, channels: 3 } as const
  await writeFile(path, await sharp(noisy, { raw }).jpeg({ quality: 90 }).toBuffer())
  return new FileDatum(new ImageFolder(folder), `${i}.jpg`, 0)
}

try {
  const data: Datum[] = []
  for (let i = 0; i < images; i++) data.push(await photo(i))
  const disk = new DiskCache({ folder: join(folder, 'cache'), maxBytes: 4e9 })
  const pixels = pixelCache(disk)
  const pass = (cache?: PixelCache) =>
    timed(async () => {
      for await (const _ of evalBatches({
        data,
        batchSize: 16,
        preprocessing: clipPreprocessing(224),
        pixels: cache,
      }));
    })
  const fill = await pass(pixels)
  const decoded: number[] = []
  const cached: number[] = []
  for (let round = 0; round < rounds; round++) {
    // One after the other, so that a change of the machine's speed meets both.
    decoded.push(await pass())
    cached.push(await pass(pixels))
  }
  const each = (ms: number) => `${(ms / images).toFixed(2)} ms an image`
  console.log(`${images} JPEGs of 500 x 375 to 224 x 224, median of ${rounds}`)
  console.log(`decoded                 ${each(median(decoded))}`)
  console.log(`decoded and written     ${each(fill)}`)
  console.log(`read from the cache     ${each(median(cached))}`)
  console.log(`ratio                   ${(median(decoded) / median(cached)).toFixed(1)}`)
  const result: Record<string, unknown> = {
    images,
    decodedMs: median(decoded) / images,
    cachedMs: median(cached) / images,
  }

  if (featureImages > 0) {
    const clip = randomClip(backbones[values.backbone]!, wordTokenizer as Tokenizer)
    const runtime = nodeRuntime({ worker: false })
    const caches = modelCaches(disk, { clip, runtime, hash: async () => 'random' })
    const some = data.slice(0, featureImages)
    const features = () => imageFeatures({ clip, runtime, caches }, some)
    const [computedMs, keptMs] = [await timed(features), await timed(features)]
    const classNames = Array.from({ length: 100 }, (_, i) => `name of class${i}`)
    const texts = () => zeroShotClassifier({ clip, runtime, caches, classNames }, ['a photo of a {}.'])
    const [textMs, textKeptMs] = [await timed(texts), await timed(texts)]
    const seconds = (ms: number) => `${(ms / 1000).toFixed(2)} s`
    console.log(`${values.backbone}, features of ${featureImages} images`)
    console.log(`computed ${seconds(computedMs)}, kept ${seconds(keptMs)}`)
    console.log(`${values.backbone}, zero-shot classifier of ${classNames.length} classes`)
    console.log(`computed ${seconds(textMs)}, kept ${seconds(textKeptMs)}`)
    Object.assign(result, { computedMs, keptMs, textMs, textKeptMs })
  }
  if (values.json) await writeFile(values.json, `${JSON.stringify(result, null, 2)}\n`)
} finally {
  await rm(folder, { recursive: true, force: true })
}
