import { type Exporter, jsonFile } from './exporter.js'
import { clipModelConfig, innerWidths, tokenizerFiles } from './hugging-face.js'
import { externalData } from './models.js'
import { openTowers } from './open-towers.js'
import { canvasProcessor, canvasSide, fromCanvas } from './pictures.js'

/** Any class names, for the zero-shot pipeline and the two towers of CLIP in transformers.js. */
export const transformersJsOpen: Exporter = {
  format: 'transformers-js-open',
  summary: 'any class names, for the zero-shot-image-classification pipeline of transformers.js',

  async parts(run, options) {
    const { clip } = run.model
    const { preprocessing, tokenizer } = clip
    const canvas = canvasSide(preprocessing)
    const { template, isSet, logitScale, models } = await openTowers(
      run,
      'onnx',
      [3, canvas, canvas],
      (pictures) => fromCanvas(pictures, preprocessing),
      options,
    )
    const external = externalData(models)
    return {
      classNames: run.prompts.classNames,
      models,
      template,
      isSet,
      contextLength: clip.config.text.contextLength,
      logitScale,
      preprocessing,
      canvas,
      files: [
        jsonFile('config.json', {
          ...clipModelConfig(clip.config, tokenizer, innerWidths(clip)),
          ...(external ? { 'transformers.js_config': { use_external_data_format: external } } : {}),
        }),
        jsonFile('preprocessor_config.json', canvasProcessor(preprocessing)),
        ...tokenizerFiles(tokenizer),
      ],
    }
  },
}
