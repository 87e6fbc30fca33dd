import { join } from 'node:path'
import { DataError } from '../../core/errors.js'
import { readRegular } from '../files/regular-file.js'
import type { Placement } from '../unpack/unpack.js'
import { readMat } from './mat/read-mat.js'

/** An archive of a published data set's makers, to be unpacked in the data set's folder. */
export interface SourceArchive {
  /** The names it is given out under. */
  readonly files: readonly string[]
  /** Where its entries go, below the data set's folder; whole by default. */
  readonly place?: (folder: string) => Placement | Promise<Placement>
}

/** Entries below a folder of the archive go to another one; others are left out. */
const from =
  (prefix: string, to = ''): (() => Placement) =>
  () =>
  (path) =>
    path.startsWith(prefix) ? to + path.slice(prefix.length) : undefined

/** Archives by data set, in the order in which they are unpacked. */
export const archives: Readonly<Record<string, readonly SourceArchive[]>> = {
  ImageNet: [
    {
      files: ['ILSVRC2012_devkit_t12.tar.gz'],
      place: from('ILSVRC2012_devkit_t12/data/', 'devkit/'),
    },
    {
      files: ['ILSVRC2012_img_val.tar', 'images/ILSVRC2012_img_val.tar'],
      place: validationClasses,
    },
    {
      files: ['ILSVRC2012_img_train.tar', 'images/ILSVRC2012_img_train.tar'],
      place: () => trainingClass,
    },
  ],
  Caltech101: [
    { files: ['caltech-101.zip'], place: from('caltech-101/') },
    { files: ['101_ObjectCategories.tar.gz'] },
  ],
  OxfordPets: [{ files: ['images.tar.gz'] }, { files: ['annotations.tar.gz'] }],
  StanfordCars: [{ files: ['cars_train.tgz'] }, { files: ['cars_test.tgz'] }, { files: ['car_devkit.tgz'] }],
  OxfordFlowers: [{ files: ['102flowers.tgz'] }],
  Food101: [{ files: ['food-101.tar.gz'], place: from('food-101/') }],
  FGVCAircraft: [{ files: ['fgvc-aircraft-2013b.tar.gz'], place: from('fgvc-aircraft-2013b/data/') }],
  SUN397: [
    { files: ['SUN397.tar.gz'] },
    { files: ['Partitions.zip'], place: () => (path) => path.replace(/^Partitions\//, '') },
  ],
  DescribableTextures: [{ files: ['dtd-r1.0.1.tar.gz'], place: from('dtd/') }],
  EuroSAT: [{ files: ['EuroSAT.zip'] }, { files: ['EuroSAT_RGB.zip'], place: from('EuroSAT_RGB/', '2750/') }],
  UCF101: [{ files: ['UCF-101-midframes.zip'] }, { files: ['UCF101TrainTestSplits-RecognitionTask.zip'] }],
  ImageNetV2: [{ files: ['imagenetv2-matched-frequency.tar.gz'] }],
  ImageNetSketch: [{ files: ['ImageNet-Sketch.zip'], place: from('sketch/', 'images/') }],
  ImageNetA: [{ files: ['imagenet-a.tar'] }],
  ImageNetR: [{ files: ['imagenet-r.tar'] }],
}

/** ImageNet's training archive holds one of each class: `n01440764.tar`. */
const trainingClass: Placement = (path) => {
  const [, name] = /^(n\d{8})\.tar$/.exec(path) ?? []
  return name === undefined ? undefined : (image) => `images/train/${name}/${image}`
}

/** ImageNet's validation images lie in one heap; the development kit says of which class each is. */
async function validationClasses(folder: string): Promise<Placement> {
  const truth = join(folder, 'devkit/ILSVRC2012_validation_ground_truth.txt')
  const meta = join(folder, 'devkit/meta.mat')
  const classes = await classNumbers(meta)
  const lines = (await contentOf(truth)).toString('latin1').trim().split(/\s+/)
  const names = lines.map((line, i) => {
    const name = classes.get(Number(line))
    if (name === undefined)
      throw new DataError(`${truth}, line ${i + 1}: ${JSON.stringify(line)} is no class`, { hint: DEVKIT })
    return name
  })
  return (path) => {
    const [file, number] = /^ILSVRC2012_val_(\d{8})\.JPEG$/.exec(path.slice(path.lastIndexOf('/') + 1)) ?? []
    if (file === undefined) return undefined
    const name = names[Number(number) - 1]
    return name === undefined ? undefined : `images/val/${name}/${file}`
  }
}

const DEVKIT = 'Unpack ILSVRC2012_devkit_t12.tar.gz again: promptsrc data prepare ImageNet --again'

/** Folder names (`n01440764`) by class number of the development kit. */
async function classNumbers(file: string): Promise<Map<number, string>> {
  const synsets = (await readMat(await contentOf(file), file)).get('synsets')
  const classes = new Map<number, string>()
  for (const record of synsets?.kind === 'structs' ? synsets.records : []) {
    const number = record.get('ILSVRC2012_ID')
    const name = record.get('WNID')
    if (number?.kind === 'numbers' && name?.kind === 'text' && /^n\d{8}$/.test(name.text)) {
      classes.set(Number(number.values[0]), name.text)
    }
  }
  if (classes.size > 0) return classes
  throw new DataError(`${file}: has no classes in "synsets"`, { hint: DEVKIT })
}

async function contentOf(file: string): Promise<Buffer> {
  return readRegular(file).catch((cause) => {
    throw new DataError(`${file}: does not exist; it says of which class ImageNet’s validation images are`, {
      hint: 'Put ILSVRC2012_devkit_t12.tar.gz from https://image-net.org beside the other archives.',
      cause,
    })
  })
}
