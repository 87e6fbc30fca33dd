import type { Classifier } from '../../core/evaluate/classifier.js'
import type { HostTensor } from '../../core/graph/index.js'

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
