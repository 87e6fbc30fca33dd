import type { Classifier } from '../../core/evaluate/classifier.js'
import { evaluateLogits } from '../../core/evaluate/metrics.js'
import type { HostTensor } from '../../core/graph/index.js'
import { compareNumber, type Deviation } from './deviation.js'
import type { GoldenCase } from './golden-case.js'

/** What a replay computed, under the case's tensor names, and the figures that are no tensors. */
export interface Replay {
  readonly tensors: Map<string, HostTensor>
  /** Losses, learning rates and test figures beside the case's own. */
  readonly figures: Deviation[]
}

/**
 * Accuracy, macro F1 and per-class accuracy of the final logits, where no image is nearly tied between two classes.
 *
 * @param logits [images, classes]
 */
export function testFigures(
  { results: { test, accuracy_stable }, class_names }: GoldenCase,
  { data }: HostTensor,
  labels: ArrayLike<number>,
): Deviation[] {
  if (!test || !accuracy_stable) return []
  const metrics = evaluateLogits(data, labels, class_names.length)
  return [
    compareNumber('test.accuracy', metrics.accuracy, test.accuracy, 1e-9),
    compareNumber('test.macro_f1', metrics.macroF1, test.macro_f1, 1e-9),
    compareNumber('test.perclass_accuracy', metrics.meanPerClassAccuracy, test.perclass_accuracy, 1e-9),
  ]
}

/** Logits of any number of normalised images [n, 3, R, R]: [n, classes]. */
export async function classifyAll(classifier: Classifier, images: HostTensor): Promise<HostTensor> {
  const n = images.shape[0]!
  const perImage = images.data.length / n
  const { classNames, batchSize } = classifier
  const logits = new Float32Array(n * classNames.length)
  for (let start = 0; start < n; start += batchSize) {
    const chunk = images.data.slice(start * perImage, Math.min(n, start + batchSize) * perImage)
    logits.set((await classifier.classify(chunk)).logits, start * classNames.length)
  }
  return { shape: [n, classNames.length], data: logits }
}
