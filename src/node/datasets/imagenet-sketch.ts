import { datasetTemplate } from '../../core/clip/templates.js'
import { imageNetVariant } from './imagenet-variant.js'

export const imageNetSketch = imageNetVariant({
  name: 'ImageNetSketch',
  alias: 'imagenet_sketch',
  title: 'ImageNet-Sketch',
  folder: 'imagenet-sketch',
  template: datasetTemplate('ImageNetSketch'),
  home: 'https://github.com/HaohanWang/ImageNet-Sketch',
  counts: { classes: 1000, train: 0, val: 0, test: 50_889 },
  images: 'images',
  foldersAre: 'class folders',
})
