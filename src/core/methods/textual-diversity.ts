import type { Clip } from '../clip/clip.js'
import { fillTemplate, readableClassName } from '../clip/templates.js'
import { encodeTexts, type OnProgress } from '../clip/text-features.js'
import type { Runtime } from '../runtime/session.js'

/**
 * The teacher's text features: for each class the mean of frozen CLIP's features over many templates
 * (PromptSRC paper, section 3.2.3). The features are averaged before they are normalised, as in the reference code.
 *
 * @returns [classes, embedDim], not normalised
 */
export async function diverseTextFeatures(
  clip: Clip,
  runtime: Runtime,
  classNames: readonly string[],
  templates: readonly string[],
  onProgress?: OnProgress,
): Promise<Float32Array> {
  const texts = classNames.flatMap((name) =>
    templates.map((template) => fillTemplate(template, readableClassName(name))),
  )
  const features = await encodeTexts(clip, runtime, texts, onProgress)
  const { embedDim } = clip.config
  const means = new Float32Array(classNames.length * embedDim)
  for (let c = 0; c < classNames.length; c++) {
    for (let d = 0; d < embedDim; d++) {
      let sum = 0
      for (let t = 0; t < templates.length; t++) sum += features[(c * templates.length + t) * embedDim + d]!
      means[c * embedDim + d] = sum / templates.length
    }
  }
  return means
}
