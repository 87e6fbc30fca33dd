import { datasetTemplate } from '../../core/clip/templates.js'
import { imageNetVariant } from './imagenet-variant.js'

export const imageNetR = imageNetVariant({
  name: 'ImageNetR',
  alias: 'imagenet_r',
  title: 'ImageNet-R (rendition)',
  folder: 'imagenet-rendition',
  template: datasetTemplate('ImageNetR'),
  home: 'https://github.com/hendrycks/imagenet-r',
  counts: { classes: 200, train: 0, val: 0, test: 30_000 },
  images: 'imagenet-r',
  foldersAre: 'class folders',
})
