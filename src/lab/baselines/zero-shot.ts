import { zeroShotClassifier } from '../../core/evaluate/classifier.js'
import { type Evaluation, evaluateClassifier } from '../../core/evaluate/evaluate.js'
import { templatesFor } from '../../core/evaluate/zero-shot.js'
import type { Baseline } from './baseline.js'

/** Zero-shot CLIP with the template of each data set (CLIP paper, section 3.1). */
export const zeroShot: Baseline = {
  title: 'zero-shot CLIP',
  paper: 'Radford et al., "Learning transferable visual models from natural language supervision", ICML 2021',
  summary: 'the class names in a template, nothing learned',
  seeded: false,
  async measure({ model, targets, skipBadImages, signal, onProgress }) {
    const { clip, runtime, caches } = model
    const evaluations: Record<string, Evaluation> = {}
    for (const { name, images } of targets) {
      const { classNames, test } = images
      const templates = templatesFor({ kind: 'dataset' }, images)
      const classifier = await zeroShotClassifier({ clip, runtime, caches, classNames }, templates)
      evaluations[name] = await evaluateClassifier(classifier, test, {
        skipBadImages,
        onProgress: (done, total) => onProgress?.(name, done, total),
        ...(signal ? { signal } : {}),
      })
      await classifier.release()
    }
    return { evaluations, parameters: 0 }
  },
}
