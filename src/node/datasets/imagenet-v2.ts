import { datasetTemplate } from '../../core/clip/templates.js'
import { imageNetVariant } from './imagenet-variant.js'

export const imageNetV2 = imageNetVariant({
  name: 'ImageNetV2',
  alias: 'imagenetv2',
  title: 'ImageNetV2 (matched frequency)',
  folder: 'imagenetv2',
  template: datasetTemplate('ImageNetV2'),
  home: 'https://github.com/modestyachts/ImageNetV2',
  counts: { classes: 1000, train: 0, val: 0, test: 10_000 },
  images: 'imagenetv2-matched-frequency-format-val',
  imagesFrom: 'https://huggingface.co/datasets/vaishaal/ImageNetV2',
  foldersAre: 'numbers',
})
