import { appendFile, mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Datum } from '../../core/data/dataset.js'
import { ImageError } from '../../core/errors.js'
import type { Classifier } from '../../core/evaluate/classifier.js'
import { type EvaluateOptions, evaluateClassifier } from '../../core/evaluate/evaluate.js'
import { clipPreprocessing } from '../../core/image/preprocess.js'
import { JournalFile } from './evaluation-journal.js'

const CLASSES = 3
const RESOLUTION = 4
const BATCH = 2

let folder: string
let path: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'journal-'))
  path = join(folder, 'base.partial.jsonl')
})
afterEach(() => rm(folder, { recursive: true, force: true }))

/** Images of one colour each; `loaded` counts what is decoded. */
function images(count: number) {
  const loaded: number[] = []
  const data: Datum[] = Array.from({ length: count }, (_, i) => ({
    source: `image ${i}`,
    label: i % CLASSES,
    load: async () => {
      loaded.push(i)
      const side = 8
      return { width: side, height: side, data: new Uint8Array(3 * side * side).fill(20 * i) }
    },
  }))
  return { data, loaded }
}

/** Logits that follow from an image's first pixel; fails after some batches. */
function classifier(batches = Number.POSITIVE_INFINITY): Classifier {
  let left = batches
  return {
    classNames: ['a', 'b', 'c'],
    batchSize: BATCH,
    preprocessing: clipPreprocessing(RESOLUTION),
    textFeatures: undefined,
    caches: undefined,
    async classify(pixels) {
      if (left-- <= 0) throw new Error('killed')
      const size = 3 * RESOLUTION ** 2
      const rows = Array.from({ length: pixels.length / size }, (_, row) => pixels[row * size]!)
      return {
        logits: Float32Array.from(rows.flatMap((x) => [x, 1 - x, 0.5])),
        features: new Float32Array(rows.length),
      }
    },
    release: async () => {},
    [Symbol.asyncDispose]: async () => {},
  }
}

const journal = (identity = 'prompts and images') => new JournalFile(path, identity, 0)
const evaluate = (data: readonly Datum[], batches?: number, options: Partial<EvaluateOptions> = {}) =>
  evaluateClassifier(classifier(batches), data, options)

describe('an evaluation with a journal', () => {
  it('goes on where it was killed, to the same figures, and leaves no file', async () => {
    const whole = await evaluate(images(7).data)
    await expect(evaluate(images(7).data, 2, { journal: journal() })).rejects.toThrow('killed')
    const { data, loaded } = images(7)
    const seen: number[] = []
    const resumed = await evaluate(data, undefined, {
      journal: journal(),
      onProgress: (done) => seen.push(done),
    })
    expect(resumed).toEqual(whole)
    expect(loaded).toEqual([4, 5, 6])
    expect(seen).toEqual([2, 4, 6, 7])
    await expect(readFile(path)).rejects.toThrow('ENOENT')
  })

  it('goes on after a second kill, and drops a torn line', async () => {
    const whole = await evaluate(images(7).data)
    await expect(evaluate(images(7).data, 1, { journal: journal() })).rejects.toThrow()
    await appendFile(path, '{"images":2,"indices":[2,3],"logi')
    await expect(evaluate(images(7).data, 1, { journal: journal() })).rejects.toThrow()
    const { data, loaded } = images(7)
    expect(await evaluate(data, undefined, { journal: journal() })).toEqual(whole)
    expect(loaded).toEqual([4, 5, 6])
  })

  it('begins anew where the file is about something else', async () => {
    await expect(evaluate(images(7).data, 2, { journal: journal('others') })).rejects.toThrow()
    const { data, loaded } = images(7)
    await evaluate(data, undefined, { journal: journal() })
    expect(loaded).toHaveLength(7)
  })

  it('keeps which images were left out', async () => {
    const broken = () => {
      const { data, loaded } = images(6)
      return {
        data: data.map((datum, i) =>
          i === 1 ? { ...datum, load: () => Promise.reject(new ImageError('image 1 is damaged')) } : datum,
        ),
        loaded,
      }
    }
    const options = { skipBadImages: true }
    const whole = await evaluate(broken().data, undefined, options)
    expect(whole.skipped).toEqual(['image 1 is damaged'])
    await expect(evaluate(broken().data, 2, { ...options, journal: journal() })).rejects.toThrow('killed')
    const { data, loaded } = broken()
    expect(await evaluate(data, undefined, { ...options, journal: journal() })).toEqual(whole)
    expect(loaded).toEqual([4, 5])
  })

  it('writes nothing where it is shorter than the interval', async () => {
    const { data } = images(4)
    const patient = new JournalFile(path, 'prompts and images', 60_000)
    await expect(evaluate(data, 1, { journal: patient })).rejects.toThrow('killed')
    await expect(readFile(path)).rejects.toThrow('ENOENT')
  })
})
