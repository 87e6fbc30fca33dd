import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import sharp from 'sharp'
import { matFile } from './mat-writer.js'

/** Files of a data set below the root; `'image'` stands for a small picture. */
export type Layout = Readonly<Record<string, string | Buffer>>

/** What stands for every image: JPEG, 3 by 2 pixels. */
export const picture = await sharp({ create: { width: 3, height: 2, channels: 3, background: '#ff0000' } })
  .jpeg()
  .toBuffer()

export function writeLayout(root: string, layout: Layout): string {
  for (const [path, content] of Object.entries(layout)) {
    mkdirSync(dirname(join(root, path)), { recursive: true })
    writeFileSync(join(root, path), content === 'image' ? picture : content)
  }
  return root
}

/** `count` images `<folder>/<prefix><n>.jpg`, from 1. */
export function images(folder: string, count: number, prefix = 'image_'): Layout {
  return Object.fromEntries(
    Array.from({ length: count }, (_, i) => [
      `${folder}/${prefix}${String(i + 1).padStart(4, '0')}.jpg`,
      'image',
    ]),
  )
}

const lines = (...text: string[]) => `${text.join('\n')}\n`
const listed = (paths: readonly string[]): Layout => Object.fromEntries(paths.map((path) => [path, 'image']))
const range = (count: number) => Array.from({ length: count }, (_, i) => i + 1)
const five = (number: number) => String(number).padStart(5, '0')

/** Miniatures of the published data sets as their makers' archives unpack, oddities included, without split files. */
export const layouts = {
  Caltech101: {
    ...images('caltech-101/101_ObjectCategories/BACKGROUND_Google', 10),
    ...images('caltech-101/101_ObjectCategories/Faces', 10),
    ...images('caltech-101/101_ObjectCategories/Faces_easy', 10),
    ...images('caltech-101/101_ObjectCategories/Leopards', 10),
    ...images('caltech-101/101_ObjectCategories/airplanes', 12),
    ...images('caltech-101/101_ObjectCategories/sea_horse', 10),
  },
  OxfordPets: {
    ...images('oxford_pets/images', 10, 'Abyssinian_'),
    ...images('oxford_pets/images', 10, 'american_pit_bull_terrier_'),
    'oxford_pets/images/Abyssinian_100.mat': 'not an image',
    'oxford_pets/annotations/trainval.txt': lines(
      ...range(7).map((n) => `Abyssinian_${String(n).padStart(4, '0')} 1 1 1`),
      ...range(6).map((n) => `american_pit_bull_terrier_${String(n).padStart(4, '0')} 2 2 1`),
    ),
    'oxford_pets/annotations/test.txt': lines(
      ...[8, 9, 10].map((n) => `Abyssinian_${String(n).padStart(4, '0')} 1 1 1`),
      ...[7, 8, 9, 10].map((n) => `american_pit_bull_terrier_${String(n).padStart(4, '0')} 2 2 1`),
    ),
  },
  StanfordCars: {
    ...listed(range(10).map((n) => `stanford_cars/cars_train/${five(n)}.jpg`)),
    ...listed(range(4).map((n) => `stanford_cars/cars_test/${five(n)}.jpg`)),
    'stanford_cars/devkit/cars_meta.mat': matFile(
      { class_names: { cells: ['AM General Hummer SUV 2000', 'smart fortwo Convertible 2012'] } },
      { compress: true },
    ),
    'stanford_cars/devkit/cars_train_annos.mat': matFile(
      {
        annotations: {
          structs: range(10).map((n) => ({ bbox_x1: [39], class: [1 + (n % 2)], fname: `${five(n)}.jpg` })),
        },
      },
      { compress: true },
    ),
    'stanford_cars/cars_test_annos_withlabels.mat': matFile({
      annotations: {
        structs: range(4).map((n) => ({ bbox_x1: [39], class: [1 + (n % 2)], fname: `${five(n)}.jpg` })),
      },
    }),
  },
  OxfordFlowers: {
    ...listed(range(20).map((n) => `oxford_flowers/jpg/image_${five(n)}.jpg`)),
    'oxford_flowers/imagelabels.mat': matFile({ labels: range(20).map((n) => (n <= 10 ? 2 : 1)) }),
    'oxford_flowers/cat_to_name.json': JSON.stringify({ '1': 'pink primrose', '2': "colt's foot" }),
  },
  Food101: {
    ...images('food-101/images/apple_pie', 10, ''),
    ...images('food-101/images/baby_back_ribs', 10, ''),
    'food-101/meta/train.txt': lines('apple_pie/0001'),
    'food-101/README.txt': 'about',
  },
  FGVCAircraft: {
    ...listed(range(6).map((n) => `fgvc_aircraft/images/000000${n}.jpg`)),
    'fgvc_aircraft/variants.txt': lines('707-320', 'Cessna 172'),
    'fgvc_aircraft/images_variant_train.txt': lines('0000001 707-320', '0000002 Cessna 172'),
    'fgvc_aircraft/images_variant_val.txt': lines('0000004 Cessna 172', '0000003 707-320'),
    'fgvc_aircraft/images_variant_test.txt': lines('0000005 707-320', '0000006 Cessna 172'),
  },
  SUN397: {
    ...images('sun397/SUN397/a/abbey', 8, 'sun_'),
    ...images('sun397/SUN397/c/church/indoor', 8, 'sun_'),
    'sun397/ClassName.txt': lines('/a/abbey', '/c/church/indoor'),
    'sun397/Training_01.txt': lines(
      ...range(5).map((n) => `/a/abbey/sun_000${n}.jpg`),
      ...range(5).map((n) => `/c/church/indoor/sun_000${n}.jpg`),
    ),
    'sun397/Testing_01.txt': lines(
      ...[6, 7, 8].map((n) => `/a/abbey/sun_000${n}.jpg`),
      ...[6, 7, 8].map((n) => `/c/church/indoor/sun_000${n}.jpg`),
    ),
  },
  DescribableTextures: {
    ...images('dtd/images/banded', 10, 'banded_'),
    ...images('dtd/images/waffled', 10, 'waffled_'),
    'dtd/images/waffled/.directory': 'of a file manager',
    'dtd/labels/train1.txt': lines('banded/banded_0001.jpg'),
  },
  EuroSAT: {
    ...images('eurosat/2750/AnnualCrop', 10, 'AnnualCrop_'),
    ...images('eurosat/2750/Highway', 10, 'Highway_'),
    ...images('eurosat/2750/SeaLake', 10, 'SeaLake_'),
  },
  UCF101: {
    ...images('ucf101/UCF-101-midframes/Handstand_Pushups', 8, 'v_HandStandPushups_g01_c'),
    ...images('ucf101/UCF-101-midframes/Yo_Yo', 8, 'v_YoYo_g01_c'),
    'ucf101/ucfTrainTestlist/classInd.txt': '1 HandstandPushups\r\n2 YoYo\r\n',
    'ucf101/ucfTrainTestlist/trainlist01.txt': lines(
      ...range(5).map((n) => `HandstandPushups/v_HandStandPushups_g01_c000${n}.avi 1`),
      ...range(5).map((n) => `YoYo/v_YoYo_g01_c000${n}.avi 2`),
    ),
    'ucf101/ucfTrainTestlist/testlist01.txt': lines(
      ...[6, 7, 8].map((n) => `HandstandPushups/v_HandStandPushups_g01_c000${n}.avi`),
      ...[6, 7, 8].map((n) => `YoYo/v_YoYo_g01_c000${n}.avi`),
    ),
  },
  ImageNet: {
    ...images('imagenet/images/train/n01440764', 3, 'n01440764_'),
    ...images('imagenet/images/train/n01443537', 2, 'n01443537_'),
    ...images('imagenet/images/train/n02012849', 2, 'n02012849_'),
    ...images('imagenet/images/val/n01440764', 1, 'ILSVRC2012_val_'),
    ...images('imagenet/images/val/n01443537', 1, 'ILSVRC2012_val_'),
    ...images('imagenet/images/val/n02012849', 1, 'ILSVRC2012_val_'),
    'imagenet/classnames.txt': lines('n01440764 tench', 'n01443537 goldfish', 'n02012849 crane bird'),
  },
  ImageNetV2: Object.assign(
    {
      'imagenetv2/classnames.txt': lines(
        ...range(11).map((n) => `n${String(n).padStart(8, '0')} class number ${n - 1}`),
      ),
    },
    ...range(11).map((n) => images(`imagenetv2/imagenetv2-matched-frequency-format-val/${n - 1}`, 2, 'ab12')),
  ) as Layout,
  ImageNetSketch: {
    ...images('imagenet-sketch/images/n01440764', 2, 'sketch_'),
    ...images('imagenet-sketch/images/n01443537', 2, 'sketch_'),
    'imagenet-sketch/classnames.txt': lines('n01440764 tench', 'n01443537 goldfish'),
  },
  ImageNetA: {
    ...images('imagenet-adversarial/imagenet-a/n01443537', 2, '0.1_'),
    ...images('imagenet-adversarial/imagenet-a/n02012849', 2, '0.2_'),
    'imagenet-adversarial/imagenet-a/README.txt': 'about',
    'imagenet-adversarial/classnames.txt': lines(
      'n01440764 tench',
      'n01443537 goldfish',
      'n02012849 crane bird',
    ),
  },
  ImageNetR: {
    ...images('imagenet-rendition/imagenet-r/n01440764', 2, 'art_'),
    ...images('imagenet-rendition/imagenet-r/n02012849', 2, 'toy_'),
    'imagenet-rendition/imagenet-r/README.txt': 'about',
    'imagenet-rendition/classnames.txt': lines(
      'n01440764 tench',
      'n01443537 goldfish',
      'n02012849 crane bird',
    ),
  },
} satisfies Record<string, Layout>
