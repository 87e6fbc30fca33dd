import { datasetTemplate } from '../../core/clip/templates.js'
import { divideInThree } from './divide.js'
import { splitSource } from './split-source.js'

/** Its own training and test lists (`meta`) are not what results were published on: the reference divides anew. */
export const food101 = splitSource({
  name: 'Food101',
  alias: 'food101',
  title: 'Food 101',
  folder: 'food-101',
  template: datasetTemplate('Food101'),
  home: 'https://data.vision.ee.ethz.ch/cvl/datasets_extra/food-101/',
  counts: { classes: 101, train: 50_500, val: 20_200, test: 30_300 },
  images: 'images',
  splitFrom: 'https://drive.google.com/file/d/1QK0tGi096I0Ba6kggatX1ee6dJFIcEJl/view',
  original: async ({ classFolders }) => divideInThree(await classFolders()),
})
