import { datasetTemplate } from '../../core/clip/templates.js'
import type { DataWarning } from '../../core/data/dataset.js'
import type { DatasetSource, SourceFile } from '../data/dataset-source.js'
import { compareCodePoints } from '../data/listing.js'
import { type ClassFolders, listClassFolders } from './class-folders.js'
import { finishDataset } from './finish.js'
import { classNamesEntry, dataOf, ImageNetClasses } from './imagenet-classes.js'
import { SourceFolder } from './source-folder.js'

const trainFolder = 'images/train'
const valFolder = 'images/val'
const home = 'https://image-net.org'

const facts = {
  name: 'ImageNet',
  alias: 'imagenet',
  title: 'ImageNet (ILSVRC 2012)',
  folder: 'imagenet',
  template: datasetTemplate('ImageNet'),
  home,
  counts: { classes: 1000, train: 1_281_167, val: 0, test: 50_000 },
} as const

const files: readonly SourceFile[] = [
  {
    path: valFolder,
    kind: 'folder',
    needed: 'always',
    what: 'validation images in class folders',
    from: home,
  },
  {
    path: trainFolder,
    kind: 'folder',
    needed: 'never',
    what: 'training images in class folders; not needed to evaluate',
    from: home,
  },
  classNamesEntry,
]

const none: ClassFolders = { classes: [], warnings: [] }

/**
 * ImageNet's validation images are its test set, as everyone uses them; the reference draws no validation images, so
 * there are none. `images/train` and `images/val` may be links to where ImageNet lies.
 */
export const imageNet: DatasetSource = {
  ...facts,
  files,
  async open(context) {
    const folder = await SourceFolder.open(context.root, facts)
    const classes = await ImageNetClasses.read(folder, context.root)
    const testImages = await folder.images(valFolder, { mayBeLink: true })
    const tested = await listClassFolders(testImages, context)
    const hasTrain = await folder.has(trainFolder)
    const trainImages = hasTrain ? await folder.images(trainFolder, { mayBeLink: true }) : testImages
    const trained = hasTrain ? await listClassFolders(trainImages, context) : none

    const order = [...new Set([...trained.classes, ...tested.classes].map(({ name }) => name))]
    order.sort(compareCodePoints)
    const lists = {
      classNames: order.map((name) => classes.nameOf(name)),
      train: dataOf(trained.classes, trainImages, order),
      val: [],
      test: dataOf(tested.classes, testImages, order),
    }
    const missing: DataWarning[] = hasTrain
      ? []
      : [
          {
            kind: 'no-training-images',
            message: `${trainImages.path}: ImageNet is here for evaluation only, without ${trainFolder}`,
          },
        ]
    return finishDataset(facts, lists, 'original annotations', [
      ...trained.warnings,
      ...tested.warnings,
      ...missing,
    ])
  },
}
