import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { type Layout, layouts, picture } from './dataset-layouts.js'
import { matFile } from './mat-writer.js'
import { tarOf } from './tar-writer.js'
import { zipOf } from './zip-writer.js'

type Name = keyof typeof layouts
/** Part of a layout, and the folder of the archive that holds it. */
type Packing = readonly [archive: string, layout: string, inside: string]

/** How the makers pack their data sets; what no archive holds is given out as it is. */
const packings: Readonly<Record<Exclude<Name, 'ImageNet'>, readonly Packing[]>> = {
  Caltech101: [['caltech-101/101_ObjectCategories.tar.gz', 'caltech-101/', '']],
  OxfordPets: [
    ['oxford_pets/images.tar.gz', 'oxford_pets/images/', './images/'],
    ['oxford_pets/annotations.tar.gz', 'oxford_pets/annotations/', 'annotations/'],
  ],
  StanfordCars: [
    ['stanford_cars/cars_train.tgz', 'stanford_cars/cars_train/', 'cars_train/'],
    ['stanford_cars/cars_test.tgz', 'stanford_cars/cars_test/', 'cars_test/'],
    ['stanford_cars/car_devkit.tgz', 'stanford_cars/devkit/', 'devkit/'],
  ],
  OxfordFlowers: [['oxford_flowers/102flowers.tgz', 'oxford_flowers/jpg/', 'jpg/']],
  Food101: [['food-101/food-101.tar.gz', 'food-101/', 'food-101/']],
  FGVCAircraft: [['fgvc_aircraft/fgvc-aircraft-2013b.tar.gz', 'fgvc_aircraft/', 'fgvc-aircraft-2013b/data/']],
  SUN397: [
    ['sun397/SUN397.tar.gz', 'sun397/SUN397/', 'SUN397/'],
    ['sun397/Partitions.zip', 'sun397/', ''],
  ],
  DescribableTextures: [['dtd/dtd-r1.0.1.tar.gz', 'dtd/', 'dtd/']],
  EuroSAT: [['eurosat/EuroSAT.zip', 'eurosat/', '']],
  UCF101: [
    ['ucf101/UCF-101-midframes.zip', 'ucf101/UCF-101-midframes/', 'UCF-101-midframes/'],
    ['ucf101/UCF101TrainTestSplits-RecognitionTask.zip', 'ucf101/ucfTrainTestlist/', 'ucfTrainTestlist/'],
  ],
  ImageNetV2: [
    [
      'imagenetv2/imagenetv2-matched-frequency.tar.gz',
      'imagenetv2/imagenetv2-matched-frequency-format-val/',
      'imagenetv2-matched-frequency-format-val/',
    ],
  ],
  ImageNetSketch: [['imagenet-sketch/ImageNet-Sketch.zip', 'imagenet-sketch/images/', 'sketch/']],
  ImageNetA: [['imagenet-adversarial/imagenet-a.tar', 'imagenet-adversarial/imagenet-a/', 'imagenet-a/']],
  ImageNetR: [['imagenet-rendition/imagenet-r.tar', 'imagenet-rendition/imagenet-r/', 'imagenet-r/']],
}

/** Archives of the miniature of a data set, with the files beside them. */
export function packed(name: Name): Record<string, Buffer> {
  if (name === 'ImageNet') return packedImageNet()
  const layout: Layout = layouts[name]
  const left = new Map(Object.entries(layout))
  const files: Record<string, Buffer> = {}
  for (const [archive, folder, inside] of packings[name]) {
    const entries = [...left].filter(([path]) => path.startsWith(folder))
    for (const [path] of entries) left.delete(path)
    files[archive] = archiveOf(
      archive,
      entries.map(([path, content]) => ({
        path: inside + path.slice(folder.length),
        data: bytesOf(content),
      })),
    )
  }
  for (const [path, content] of left) files[path] = bytesOf(content)
  return files
}

/** Puts files in place below a root. */
export function writeFiles(root: string, files: Readonly<Record<string, Uint8Array>>): void {
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true })
    writeFileSync(join(root, path), content)
  }
}

const bytesOf = (content: string | Buffer): Buffer => (content === 'image' ? picture : Buffer.from(content))

interface Entry {
  readonly path: string
  readonly data: Buffer
}

function archiveOf(name: string, entries: readonly Entry[]): Buffer {
  if (name.endsWith('.zip')) return zipOf(entries)
  const folders = new Set(entries.map(({ path }) => `${dirname(path)}/`))
  const tar = tarOf([...[...folders].map((path) => ({ path, type: '5' })), ...entries])
  return name.endsWith('.tar') ? tar : gzipSync(tar)
}

/** An archive of archives, a heap of validation images, and the kit that says of which class each is. */
function packedImageNet(): Record<string, Buffer> {
  const classes = ['n01440764', 'n01443537', 'n02012849']
  const train = classes.map((name) => ({
    path: `${name}.tar`,
    data: tarOf(
      Object.keys(layouts.ImageNet)
        .filter((path) => path.startsWith(`imagenet/images/train/${name}/`))
        .map((path) => ({ path: path.slice(path.lastIndexOf('/') + 1), data: picture })),
    ),
  }))
  const val = [1, 2, 3].map((n) => ({ path: `ILSVRC2012_val_0000000${n}.JPEG`, data: picture }))
  // Its own numbers are not in the order of the names.
  const synsets = [1, 2, 0].map((i, n) => ({ ILSVRC2012_ID: [n + 1], WNID: classes[i]!, words: 'a, b' }))
  const kit = 'ILSVRC2012_devkit_t12/data'
  return {
    'imagenet/ILSVRC2012_img_train.tar': tarOf(train),
    'imagenet/ILSVRC2012_img_val.tar': tarOf(val),
    'imagenet/ILSVRC2012_devkit_t12.tar.gz': gzipSync(
      tarOf([
        { path: `${kit}/ILSVRC2012_validation_ground_truth.txt`, data: '3\n1\n2\n' },
        { path: `${kit}/meta.mat`, data: matFile({ synsets: { structs: synsets } }, { compress: true }) },
        { path: 'ILSVRC2012_devkit_t12/readme.txt', data: 'about' },
      ]),
    ),
    'imagenet/classnames.txt': bytesOf(layouts.ImageNet['imagenet/classnames.txt']),
  }
}
