import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createClassifier, type Run } from '../../src/core/evaluate/create-classifier.js'
import type { ExportOptions } from '../../src/core/export/exporter.js'
import { exportClassifier } from '../../src/core/export/exporters.js'
import { normalize, testTransform } from '../../src/core/image/preprocess.js'
import type { RgbImage } from '../../src/core/image/resize.js'
import { writeExport } from '../../src/node/exports/write-export.js'

/** Writes an export into a new folder. @returns its path */
export async function writtenExport(run: Run, format: string, options: ExportOptions = {}): Promise<string> {
  const folder = join(await mkdtemp(join(tmpdir(), 'promptsrc-export-')), format)
  await writeExport(folder, await exportClassifier(run, format, options))
  return folder
}

/** The logits that `predict` has for images: [images, classes]. */
export async function predictedLogits(
  run: Run,
  images: readonly RgbImage[],
  classNames: readonly string[] = run.prompts.classNames,
): Promise<Float32Array> {
  const { preprocessing } = run.model.clip
  const one = 3 * preprocessing.size ** 2
  await using classifier = await createClassifier(run, { classNames })
  const logits = new Float32Array(images.length * classNames.length)
  for (let at = 0; at < images.length; at += classifier.batchSize) {
    const part = images.slice(at, at + classifier.batchSize)
    const pixels = new Float32Array(part.length * one)
    for (const [i, image] of part.entries()) {
      normalize(testTransform(image, preprocessing), preprocessing, pixels, i * one)
    }
    logits.set((await classifier.classify(pixels)).logits, at * classNames.length)
  }
  return logits
}

/** The largest difference from what is expected, in parts of the largest magnitude there. */
export const relativeError = (found: ArrayLike<number>, expected: ArrayLike<number>): number =>
  Math.max(...Array.from(expected, (x, i) => Math.abs(found[i]! - x))) /
  Math.max(...Array.from(expected, Math.abs))

/** The largest place of each row of logits [n, classes]. */
export const tops = (logits: ArrayLike<number>, classes: number): number[] =>
  Array.from({ length: logits.length / classes }, (_, row) => {
    const values = Array.from({ length: classes }, (_, c) => logits[row * classes + c]!)
    return values.indexOf(Math.max(...values))
  })

/** How many places hold what is expected there, in percent. */
export const agreement = (found: readonly number[], expected: readonly number[]): number =>
  (100 * expected.filter((x, i) => found[i] === x).length) / expected.length
