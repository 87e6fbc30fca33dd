import type { Clip } from '../../src/core/clip/clip.js'
import { photoTemplate } from '../../src/core/clip/templates.js'
import { zeroShotClassifier } from '../../src/core/evaluate/classifier.js'
import { normalize } from '../../src/core/image/preprocess.js'
import type { RgbImage } from '../../src/core/image/resize.js'
import type { Runtime } from '../../src/core/runtime/session.js'

/** A picture of one of several classes. */
export interface Sample {
  readonly image: RgbImage
  readonly label: number
}

/**
 * Zero-shot accuracy in percent among `ways` classes: the mean over all choices of the other classes, in closed form. A picture
 * of n classes of which k score above its own is told right in C(n - 1 - k, ways - 1) of C(n - 1, ways - 1) choices.
 */
export async function accuracyAmong(
  clip: Clip,
  runtime: Runtime,
  classNames: readonly string[],
  samples: readonly Sample[],
  ways: number,
): Promise<number> {
  const classifier = await zeroShotClassifier({ clip, runtime, classNames, batchSize: 64 }, [photoTemplate])
  const size = 3 * clip.resolution ** 2
  let total = 0
  for (let start = 0; start < samples.length; start += 64) {
    const part = samples.slice(start, start + 64)
    const pixels = new Float32Array(part.length * size)
    for (const [i, { image }] of part.entries()) normalize(image.data, clip.preprocessing, pixels, i * size)
    const { logits } = await classifier.classify(pixels)
    for (const [i, { label }] of part.entries()) {
      const row = logits.subarray(i * classNames.length, (i + 1) * classNames.length)
      const above = row.reduce((count, value, j) => count + (j !== label && value >= row[label]! ? 1 : 0), 0)
      total += chance(classNames.length - 1, above, ways - 1)
    }
  }
  await classifier.release()
  return (100 * total) / samples.length
}

/** Chance that none of `above` marked things is among `drawn` of `all`. */
function chance(all: number, above: number, drawn: number): number {
  let share = 1
  for (let i = 0; i < drawn; i++) share *= Math.max(0, all - above - i) / (all - i)
  return share
}
