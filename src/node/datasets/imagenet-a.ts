import { datasetTemplate } from '../../core/clip/templates.js'
import { imageNetVariant } from './imagenet-variant.js'

export const imageNetA = imageNetVariant({
  name: 'ImageNetA',
  alias: 'imagenet_a',
  title: 'ImageNet-A (adversarial)',
  folder: 'imagenet-adversarial',
  template: datasetTemplate('ImageNetA'),
  home: 'https://github.com/hendrycks/natural-adv-examples',
  counts: { classes: 200, train: 0, val: 0, test: 7500 },
  images: 'imagenet-a',
  foldersAre: 'class folders',
})
