import { datasetTemplate } from '../../core/clip/templates.js'
import { divideInThree } from './divide.js'
import { splitSource } from './split-source.js'

/** Its own ten splits (`labels`) are not what results were published on: the reference divides anew. */
export const describableTextures = splitSource({
  name: 'DescribableTextures',
  alias: 'dtd',
  title: 'Describable Textures (DTD)',
  folder: 'dtd',
  template: datasetTemplate('DescribableTextures'),
  home: 'https://www.robots.ox.ac.uk/~vgg/data/dtd/',
  counts: { classes: 47, train: 2820, val: 1128, test: 1692 },
  images: 'images',
  imagesFrom: 'https://www.robots.ox.ac.uk/~vgg/data/dtd/download/dtd-r1.0.1.tar.gz',
  splitFrom: 'https://drive.google.com/file/d/1u3_QfB467jqHgNXC00UIzbLZRQCg2S7x/view',
  original: async ({ classFolders }) => divideInThree(await classFolders()),
})
