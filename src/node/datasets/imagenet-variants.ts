import { datasetTemplate } from '../../core/clip/templates.js'
import type { DatasetSource } from '../data/dataset-source.js'
import { listClassFolders } from './class-folders.js'
import { finishDataset } from './finish.js'
import { classNamesEntry, dataOf, ImageNetClasses } from './imagenet-classes.js'
import { SourceFolder } from './source-folder.js'

/** A test set for models that were adapted on ImageNet. */
export interface ImageNetVariant extends Omit<DatasetSource, 'open' | 'files' | 'testOnly'> {
  /** Folder of class folders. */
  readonly images: string
  readonly imagesFrom?: string
  /**
   * What a class folder's name is: ImageNet's own name of the class (`n01440764`), classes being numbered in their
   * order; or the number of the class in `classnames.txt`, which has to name as many classes as there are folders.
   */
  readonly foldersAre: 'class folders' | 'numbers'
}

/** A reader of a variant, with ImageNet's class names. Classes that the variant lacks do not take part. */
function imageNetVariant(variant: ImageNetVariant): DatasetSource {
  const { images, imagesFrom, foldersAre, ...facts } = variant
  const from = imagesFrom ?? facts.home
  return {
    ...facts,
    testOnly: true,
    files: [
      { path: images, kind: 'folder', needed: 'always', what: 'images in class folders', from },
      { ...classNamesEntry, needed: 'never', what: `${classNamesEntry.what}; that of imagenet serves too` },
    ],
    async open(context) {
      const folder = await SourceFolder.open(context.root, facts)
      const names = await ImageNetClasses.read(folder, context.root)
      const imageFolder = await folder.images(images)
      const { classes, warnings } = await listClassFolders(imageFolder, context)
      const found = classes.map(({ name }) => name)
      const order = foldersAre === 'numbers' ? numbered(names, found, folder, images) : found
      const named = foldersAre === 'numbers' ? names.folders : order
      const test = dataOf(classes, imageFolder, order)
      // Folders are listed as text ("10" before "2"), the reference goes by number.
      if (foldersAre === 'numbers') test.sort((a, b) => a.label - b.label)
      const classNames = named.map((name) => names.nameOf(name))
      return finishDataset(facts, { classNames, train: [], val: [], test }, 'original annotations', warnings)
    },
  }
}

/** The numbers 0 to classes - 1 as folder names, after a look that those are the folders there are. */
function numbered(
  names: ImageNetClasses,
  found: readonly string[],
  folder: SourceFolder,
  images: string,
): string[] {
  const order = names.folders.map((_, label) => String(label))
  const known = new Set(order)
  const strange = found.find((name) => !known.has(name))
  const there = new Set(found)
  const missing = order.find((name) => !there.has(name))
  if (strange === undefined && missing === undefined) return order
  const what = strange === undefined ? `there is no folder "${missing}"` : `there is a folder "${strange}"`
  throw folder.problem(
    images,
    `: ${what}; expected the label numbers 0 to ${order.length - 1} of classnames.txt`,
  )
}

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
