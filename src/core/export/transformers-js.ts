import { conceptTemperature } from '../evaluate/none-of-these.js'
import { input } from '../graph/index.js'
import { OpenSizes } from '../graph/open-sizes.js'
import { type Exporter, jsonFile } from './exporter.js'
import { fixedClasses } from './fixed-classes.js'
import { externalData, modelsOf } from './models.js'
import { canvasProcessor, canvasSide, fromCanvas } from './pictures.js'

/**
 * The run's classes, for `pipeline('image-classification', folder)` of transformers.js. It knows no CLIP of fixed classes,
 * so the configuration says ViT: of a model of that type it takes pixels in and logits out, whatever is between.
 */
export const transformersJs: Exporter = {
  format: 'transformers-js',
  summary: "the run's classes, for the image-classification pipeline of transformers.js",

  async parts(run, options) {
    const { clip } = run.model
    const classes = await fixedClasses(run, options)
    const { classNames } = classes
    const sizes = new OpenSizes('batch')
    const side = canvasSide(clip.preprocessing)
    const canvas = input('pixel_values', [sizes.size('batch'), 3, side, side])
    const models = await modelsOf(
      { logits: classes.logits(fromCanvas(canvas, clip.preprocessing)) },
      {
        folder: 'onnx',
        name: 'model',
        sizes,
        inputs: [canvas],
        metadata: { classes: JSON.stringify(classNames) },
        precisions: options.precisions,
      },
    )
    const external = externalData(models)
    return {
      classNames,
      models,
      preprocessing: clip.preprocessing,
      canvas: side,
      logitScale: await conceptTemperature(clip),
      files: [
        jsonFile('config.json', {
          model_type: 'vit',
          architectures: ['ViTForImageClassification'],
          image_size: side,
          num_channels: 3,
          id2label: Object.fromEntries(classNames.map((name, i) => [i, name])),
          label2id: Object.fromEntries(classNames.map((name, i) => [name, i])),
          ...(external ? { 'transformers.js_config': { use_external_data_format: external } } : {}),
        }),
        jsonFile('preprocessor_config.json', canvasProcessor(clip.preprocessing)),
      ],
    }
  },
}
