import type { Clip } from '../clip/clip.js'
import { photoTemplate } from '../clip/templates.js'
import { selectClasses } from '../data/base-novel.js'
import type { Dataset } from '../data/dataset.js'
import { zeroShotClassifier } from '../evaluate/classifier.js'
import { evaluateClassifier } from '../evaluate/evaluate.js'
import type { Runtime } from '../runtime/session.js'

/** Zero-shot accuracy on the base and on the novel classes' test images, in percent. */
export async function zeroShotAccuracy(
  clip: Clip,
  runtime: Runtime,
  dataset: Dataset,
): Promise<{ base: number; novel: number }> {
  const accuracyOf = async (selection: 'base' | 'novel') => {
    const { classNames, test } = selectClasses(dataset, selection)
    const classifier = await zeroShotClassifier({ clip, runtime, classNames, batchSize: 50 }, [photoTemplate])
    const { metrics } = await evaluateClassifier(classifier, test, { resolution: clip.resolution })
    await classifier.release()
    return metrics.accuracy
  }
  return { base: await accuracyOf('base'), novel: await accuracyOf('novel') }
}
