import type { Clip } from '../../src/core/clip/clip.js'
import { photoTemplate } from '../../src/core/clip/templates.js'
import { selectClasses } from '../../src/core/data/base-novel.js'
import type { Dataset } from '../../src/core/data/dataset.js'
import { zeroShotClassifier } from '../../src/core/evaluate/classifier.js'
import { evaluateClassifier } from '../../src/core/evaluate/evaluate.js'
import type { Runtime } from '../../src/core/runtime/session.js'

/** Zero-shot accuracy on the base and on the novel classes' test images, in percent. */
export async function zeroShotAccuracy(
  clip: Clip,
  runtime: Runtime,
  dataset: Dataset,
): Promise<{ base: number; novel: number }> {
  const accuracyOf = async (selection: 'base' | 'novel') => {
    const { classNames, test } = selectClasses(dataset, selection)
    const classifier = await zeroShotClassifier({ clip, runtime, classNames, batchSize: 50 }, [photoTemplate])
    const { metrics } = await evaluateClassifier(classifier, test)
    await classifier.release()
    return metrics.accuracy
  }
  return { base: await accuracyOf('base'), novel: await accuracyOf('novel') }
}
