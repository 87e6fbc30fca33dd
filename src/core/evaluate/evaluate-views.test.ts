import { describe, expect, it } from 'vitest'
import type { Datum } from '../data/dataset.js'
import { ImageError } from '../errors.js'
import { clipPreprocessing, testTransform } from '../image/preprocess.js'
import type { RgbImage } from '../image/resize.js'
import type { Classifier } from './classifier.js'
import { evaluateClassifier } from './evaluate.js'
import { evaluateViews, testViews } from './evaluate-views.js'

const FRAMES = 2
const preprocessing = { ...clipPreprocessing(4), frames: FRAMES }

/** A clip whose frames have a level each, of one picture's height and twice its width; the right half is brighter by 100. */
function clip(label: number, levels: readonly number[]): Datum & { readonly asked: number[][] } {
  const frame = (level: number): RgbImage => ({
    width: 8,
    height: 4,
    data: Uint8Array.from({ length: 8 * 4 * 3 }, (_, i) => level + (Math.floor(i / 3) % 8 < 4 ? 0 : 100)),
  })
  const asked: number[][] = []
  return {
    source: `${label}`,
    label,
    asked,
    load: async () => frame(levels[0]!),
    clip: {
      count: async () => levels.length,
      async load(places) {
        asked.push([...places])
        return places.map((place) => {
          if (levels[place]! < 0) throw new ImageError(`frame ${place} is damaged`)
          return frame(levels[place]!)
        })
      },
    },
  }
}

/** Two classes, whose logits are the first pixel of the last frame, in units of `per`, and nothing. */
const classifier = (per = 1, more: Partial<Classifier['preprocessing']> = {}): Classifier => ({
  classNames: ['bright', 'dark'],
  batchSize: 2,
  preprocessing: { ...preprocessing, ...more },
  textFeatures: undefined,
  caches: undefined,
  async classify(images) {
    const size = 3 * FRAMES * 16
    const rows = images.length / size
    const [mean, std] = [preprocessing.mean[0], preprocessing.std[0]]
    const logits = Float32Array.from({ length: 2 * rows }, (_, i) =>
      i % 2 === 0 ? (255 * (images[(i / 2) * size + size / 2]! * std + mean)) / per : 0,
    )
    return { logits, features: new Float32Array(rows) }
  },
  release: async () => {},
  [Symbol.asyncDispose]: async () => {},
})

describe('the views of a test', () => {
  it('are samplings of frames, evenly within their segments, each with every crop', () => {
    expect(testViews(1, 1)).toEqual([{ within: 0.5, along: 0.5 }])
    expect(testViews(2, 3)).toEqual(
      [0.25, 0.75].flatMap((within) => [0, 0.5, 1].map((along) => ({ within, along }))),
    )
    expect(() => testViews(4, 2)).toThrow(/views: 4,2; expected/)
    expect(() => testViews(0, 1)).toThrow(/views: 0,1/)
  })

  it('cut out the ends and the middle of the longer side', () => {
    const wide = {
      width: 8,
      height: 4,
      data: Uint8Array.from({ length: 96 }, (_, i) => Math.floor(i / 3) % 8),
    }
    const form = clipPreprocessing(4)
    const firstRow = (along?: number) => {
      const view = along === undefined ? {} : { view: { within: 0.5, along } }
      return [...testTransform(wide, { ...form, ...view })].filter((_, i) => i < 12 && i % 3 === 0)
    }
    expect([firstRow(0), firstRow(0.5), firstRow(1)]).toEqual([
      [0, 1, 2, 3],
      [2, 3, 4, 5],
      [4, 5, 6, 7],
    ])
    expect(firstRow()).toEqual(firstRow(0.5))
  })
})

describe('an evaluation by views', () => {
  const data = [clip(0, [0, 10, 20, 30, 40, 50, 60, 70]), clip(1, [5, 5, 5, 5, 5, 5, 5, 5])]

  it('by the middle alone is the usual one', async () => {
    const usual = await evaluateClassifier(classifier(20), data)
    const { metrics, labels, indices } = await evaluateViews(classifier(20), data, testViews(1, 1))
    expect({ labels, indices }).toEqual({ labels: usual.labels, indices: usual.indices })
    expect(metrics.confusion).toEqual(usual.metrics.confusion)
    expect(metrics.expectedCalibrationError).toBeCloseTo(usual.metrics.expectedCalibrationError, 4)
  })

  it('takes the mean of the probabilities, as logarithms', async () => {
    const counted: number[] = []
    const one = [clip(0, [0, 10, 20, 30, 40, 50, 60, 70])]
    const { logits } = await evaluateViews(classifier(20), one, testViews(2, 3), {
      onProgress: (done) => counted.push(done),
    })
    // The last of two segments is frames 4 to 7: samplings take 5 and 7; crops begin in the dark half but for the last.
    expect(one[0]!.asked.map((places) => places[1])).toEqual([5, 5, 5, 7, 7, 7])
    const sigmoid = (x: number) => 1 / (1 + Math.exp(-x))
    const levels = [50, 50, 150, 70, 70, 170]
    const mean = levels.reduce((sum, level) => sum + sigmoid(level / 20), 0) / 6
    expect(logits[0]).toBeCloseTo(Math.log(mean), 5)
    expect(logits[1]).toBeCloseTo(Math.log(1 - mean), 4)
    expect(counted.at(-1)).toBe(6)
  })

  it('leaves out what one of the views cannot be made of, where bad images are skipped', async () => {
    const damaged = clip(1, [5, 5, 5, 5, 5, 5, 5, -1])
    const views = testViews(2, 1)
    const { metrics, indices, skipped } = await evaluateViews(classifier(), [damaged, ...data], views, {
      skipBadImages: true,
    })
    expect([metrics.count, [...indices], skipped]).toEqual([2, [1, 2], ['frame 7 is damaged']])
    await expect(evaluateViews(classifier(), [damaged], views)).rejects.toThrow('frame 7 is damaged')
  })

  it('is refused where views would all be the same', async () => {
    const pictures = classifier(1, { frames: undefined })
    await expect(evaluateViews(pictures, data, testViews(4, 1))).rejects.toThrow(/the model sees pictures$/)
    const squashing = classifier(1, { resize: 'squash' })
    await expect(evaluateViews(squashing, data, testViews(1, 3))).rejects.toThrow(/pictures as a whole/)
  })
})
