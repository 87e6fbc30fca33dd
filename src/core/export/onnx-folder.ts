import { ConfigError } from '../errors.js'
import { conceptTemperature } from '../evaluate/none-of-these.js'
import { input } from '../graph/index.js'
import { OpenSizes } from '../graph/open-sizes.js'
import type { Exporter } from './exporter.js'
import { fixedClasses } from './fixed-classes.js'
import { tokenizerFiles } from './hugging-face.js'
import { modelsOf } from './models.js'
import { openTowers } from './open-towers.js'

/**
 * Plain ONNX (opset 17, no other domain) with named open axes, for any language: the classifier of the run's classes, and
 * the two towers where there are such. It takes normalised pixels of the model's own size, of clips their frames one behind the
 * other; the manifest says how they are made.
 */
export const onnx: Exporter = {
  format: 'onnx',
  summary: 'plain ONNX models with a JSON manifest, for any language',

  async parts(run, options) {
    const { clip } = run.model
    const { preprocessing, tokenizer } = clip
    const each = clip.imageTower.inputs
    const classes = await fixedClasses(run, options)
    const { classNames } = classes
    const sizes = new OpenSizes('images')
    const pixels = input('pixel_values', [sizes.size('images'), ...each])
    const classifier = await modelsOf(
      { logits: classes.logits(pixels) },
      {
        folder: 'onnx',
        name: 'classifier',
        sizes,
        inputs: [pixels],
        metadata: { classes: JSON.stringify(classNames) },
        precisions: options.precisions,
      },
    )
    let towers: Awaited<ReturnType<typeof openTowers>> | undefined
    let closed: string | undefined
    try {
      towers = await openTowers(run, 'onnx', each, (x) => x, options)
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error
      closed = error.message
    }
    return {
      classNames,
      models: [...classifier, ...(towers?.models ?? [])],
      files: towers ? tokenizerFiles(tokenizer) : [],
      preprocessing,
      logitScale: towers?.logitScale ?? (await conceptTemperature(clip)),
      ...(towers
        ? { template: towers.template, isSet: towers.isSet, contextLength: clip.config.text.contextLength }
        : { closed }),
    }
  },
}
