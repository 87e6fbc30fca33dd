import { mkdtempSync, rmSync } from 'node:fs'
import { readFile, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { photoFolder } from '../../../test/support/photo-folder.js'
import { photoTemplate } from '../../core/clip/templates.js'
import type { Dataset, Datum } from '../../core/data/dataset.js'
import { zeroShotClassifier } from '../../core/evaluate/classifier.js'
import { createClassifier } from '../../core/evaluate/create-classifier.js'
import { evaluateClassifier } from '../../core/evaluate/evaluate.js'
import { imageFeatures } from '../../core/evaluate/image-features.js'
import { configure, methodNamed } from '../../core/methods/registry.js'
import type { Model } from '../../core/model.js'
import type { Runtime } from '../../core/runtime/session.js'
import { trainPrompts } from '../../core/train/train-prompts.js'
import { openFolder } from '../data/folder.js'
import { loadModel } from '../model.js'
import type { CacheKind } from './cache-files.js'
import { DiskCache } from './disk-cache.js'
import { modelCaches } from './model-caches.js'

const folder = mkdtempSync(join(tmpdir(), 'promptsrc-model-caches-'))
let model: Model
let photos: Dataset

beforeAll(async () => {
  await photoFolder(join(folder, 'photos'), 5)
  photos = await openFolder(join(folder, 'photos'))
  model = await loadModel('tiny')
})
afterAll(async () => {
  await model.close()
  rmSync(folder, { recursive: true, force: true })
})

let caches = 0
const newDisk = () => new DiskCache({ folder: join(folder, `cache${caches++}`), maxBytes: 1e8 })

/** How many entries of a kind there are. */
const entries = async (disk: DiskCache, kind: CacheKind) =>
  (await disk.usage()).find((usage) => usage.kind === kind)!.entries

/** The model with caches on this disk, as another process would have it; counts what is compiled. */
function cached(disk: DiskCache, changes: Partial<Model> = {}) {
  const counts = { compiled: 0 }
  const { runtime } = model
  const counting: Runtime = {
    signature: runtime.signature,
    compile(graph) {
      counts.compiled++
      return runtime.compile(graph)
    },
    close: () => runtime.close(),
    [Symbol.asyncDispose]: () => runtime.close(),
  }
  const own = { ...model, runtime: counting, ...changes }
  return { counts, model: { ...own, caches: modelCaches(disk, own) } }
}

/** The test images, counting how many are decoded. */
function counted(data: readonly Datum[] = photos.test) {
  const counts = { decoded: 0 }
  const images = data.map((datum) => {
    const { read, decode } = datum.file!
    const counting = (bytes: Uint8Array) => {
      counts.decoded++
      return decode(bytes)
    }
    const { source, label } = datum
    return { source, label, load: () => datum.load(), file: { read, decode: counting } }
  })
  return { counts, images }
}

async function zeroShot(of: Model, images: readonly Datum[], skipBadImages = false) {
  const { clip, runtime, caches } = of
  const options = { clip, runtime, caches, classNames: photos.classNames }
  const classifier = await zeroShotClassifier(options, [photoTemplate])
  const evaluation = await evaluateClassifier(classifier, images, { skipBadImages })
  await classifier.release()
  return evaluation
}

describe('evaluation with frozen image features', () => {
  it('neither decodes nor runs a tower the second time, and gives the same bits as without a cache', async () => {
    const disk = newDisk()
    const { images, counts } = counted()
    const plain = await zeroShot(model, images)
    const first = await zeroShot(cached(disk).model, images)
    expect(counts.decoded).toBe(images.length)
    const again = cached(disk)
    const second = await zeroShot(again.model, images)
    expect(counts.decoded).toBe(images.length)
    // What is compiled is the product of features and texts.
    expect(again.counts.compiled).toBe(1)
    expect(first).toEqual(plain)
    expect(second).toEqual(plain)
  })

  it('gives the same bits where images come in another order, in other batches, some known and some not', async () => {
    const disk = newDisk()
    const { images } = counted()
    const { features } = await imageFeatures(model, images)
    await imageFeatures(cached(disk).model, images.slice(3, 9).reverse())
    const mixed = await imageFeatures(cached(disk).model, images)
    expect(mixed.features).toEqual(features)
  })

  it('computes anew what was computed with other weights, threads or pixels', async () => {
    const disk = newDisk()
    const { images } = counted()
    await imageFeatures(cached(disk).model, images)
    const compiled = async (changes: Partial<Model>) => {
      const { model: other, counts } = cached(disk, changes)
      await imageFeatures(other, images)
      return counts.compiled
    }
    expect(await compiled({})).toBe(0)
    expect(await compiled({ hash: async () => 'f'.repeat(64) })).toBe(1)
    const { runtime } = model
    const signature = `${runtime.signature} more`
    const other = {
      signature,
      compile: runtime.compile.bind(runtime),
      close: async () => {},
      [Symbol.asyncDispose]: async () => {},
    }
    const { model: threaded } = cached(disk, { runtime: other })
    const before = await entries(disk, 'image-features')
    await imageFeatures(threaded, images)
    expect(await entries(disk, 'image-features')).toBe(before + images.length)
  })

  it('goes by the content of a file, not by its name', async () => {
    const disk = newDisk()
    const { images, counts } = counted()
    const [datum, other] = [images[0]!, images[images.length - 1]!]
    await imageFeatures(cached(disk).model, images)
    const kept = await readFile(datum.source)
    await writeFile(datum.source, await readFile(other.source))
    try {
      const { features } = await imageFeatures(cached(disk).model, [datum, other])
      const { embedDim } = model.clip.config
      expect(features.slice(0, embedDim)).toEqual(features.slice(embedDim))
      expect(counts.decoded).toBe(images.length)
    } finally {
      await writeFile(datum.source, kept)
    }
  })

  it('tells of images that cannot be read as without a cache', async () => {
    const disk = newDisk()
    const bad = join(folder, 'bad.png')
    await writeFile(bad, (await readFile(photos.test[0]!.source)).subarray(0, 60))
    const file = { ...photos.test[0]!.file!, read: () => readFile(bad) }
    const { source, label } = photos.test[0]!
    const broken = { source, label, file, load: () => file.read().then(file.decode) }
    const images = [...photos.test.slice(0, 4), broken, ...photos.test.slice(4)]
    const plain = await zeroShot(model, images, true)
    expect(plain.skipped).toHaveLength(1)
    for (let i = 0; i < 2; i++) {
      expect(await zeroShot(cached(disk).model, images, true)).toEqual(plain)
      await expect(zeroShot(cached(disk).model, images)).rejects.toThrow(plain.skipped[0])
    }
  })

  it('computes images that are drawn, which have no file', async () => {
    const disk = newDisk()
    const drawn = photos.test.map((datum) => ({
      source: datum.source,
      label: datum.label,
      load: () => datum.load(),
    }))
    const plain = await imageFeatures(model, drawn)
    expect(await imageFeatures(cached(disk).model, drawn)).toEqual(plain)
    expect((await disk.usage()).every(({ entries }) => entries === 0)).toBe(true)
  })
})

describe('evaluation of a prompted image tower', () => {
  it('decodes no image that another run was measured on, and gives the same bits', async () => {
    const disk = newDisk()
    const { images, counts } = counted()
    const { clip } = model
    const method = methodNamed('ivlp')
    const methodOptions = method.options.parse({ textDepth: 2, visionDepth: 2 })
    const evaluate = async (of: Model, fill: number) => {
      const { classNames } = photos
      const parameters = new Map(
        configure({ method, methodOptions, classNames }, clip).parameters.map(({ name, shape }) => [
          name,
          new Float32Array(shape.reduce((a, b) => a * b)).fill(fill),
        ]),
      )
      const prompts = { method, methodOptions, parameters, classNames, model: { name: 'tiny', sha256: '' } }
      const classifier = await createClassifier({ prompts, model: of })
      const evaluation = await evaluateClassifier(classifier, images)
      await classifier.release()
      return evaluation
    }
    const plain = await evaluate(model, 0.1)
    await evaluate(cached(disk).model, 0.2)
    expect(counts.decoded).toBe(images.length)
    expect(await evaluate(cached(disk).model, 0.1)).toEqual(plain)
    expect(counts.decoded).toBe(images.length)
  })
})

describe('text features', () => {
  it("are the teacher's, so that training from kept ones gives the same bits", async () => {
    const disk = newDisk()
    const train = async (of: Model) => {
      const events = trainPrompts({ model: of, data: photos, epochs: 1, shots: 2, batchSize: 4 })
      let next = await events.next()
      while (!next.done) next = await events.next()
      return next.value.parameters
    }
    const plain = await train(model)
    const first = cached(disk)
    expect(await train(first.model)).toEqual(plain)
    const second = cached(disk)
    expect(await train(second.model)).toEqual(plain)
    // The step is compiled, the text tower is not.
    expect(second.counts.compiled).toBe(1)
    expect(first.counts.compiled).toBeGreaterThan(1)
  })

  it('of what was learned are kept by what was learned', async () => {
    const disk = newDisk()
    const method = methodNamed('coop')
    const { classNames } = photos
    const features = async (of: Model, fill: number, given: object = {}) => {
      const methodOptions = method.options.parse(given)
      const specs = configure({ method, methodOptions, classNames }, of.clip).parameters
      const parameters = new Map(
        specs.map(({ name, shape }) => [
          name,
          new Float32Array(shape.reduce((a, b) => a * b)).map((_, i) => fill + i / 100),
        ]),
      )
      const prompts = { method, methodOptions, parameters, classNames, model: { name: 'tiny', sha256: '' } }
      await using classifier = await createClassifier({ prompts, model: of })
      return classifier.textFeatures
    }
    const plain = [
      await features(model, 0.1),
      await features(model, 0.2),
      await features(model, 0.1, { classPosition: 'front' }),
    ]
    expect(new Set(plain.map(String)).size).toBe(3)
    for (const place of ['first', 'again']) {
      const { model: of, counts } = cached(disk)
      expect(await features(of, 0.1)).toEqual(plain[0])
      expect(await features(of, 0.2)).toEqual(plain[1])
      expect(await features(of, 0.1, { classPosition: 'front' })).toEqual(plain[2])
      // What leads from the image to the logits is always compiled, the text tower only where features are new.
      expect(counts.compiled).toBe(place === 'first' ? 6 : 3)
    }
  })

  it('are computed anew for other classes, another order and other templates', async () => {
    const disk = newDisk()
    const { model: of } = cached(disk)
    const make = async (classNames: readonly string[], templates: readonly string[]) => {
      const { clip, runtime, caches } = of
      const classifier = await zeroShotClassifier({ clip, runtime, caches, classNames }, templates)
      await classifier.release()
      return entries(disk, 'text-features')
    }
    expect(await make(['cat', 'dog'], ['a {}'])).toBe(1)
    expect(await make(['cat', 'dog'], ['a {}'])).toBe(1)
    expect(await make(['dog', 'cat'], ['a {}'])).toBe(2)
    expect(await make(['cat', 'dog'], ['the {}'])).toBe(3)
    expect(await make(['cat dog'], ['a {}'])).toBe(4)
  })
})
