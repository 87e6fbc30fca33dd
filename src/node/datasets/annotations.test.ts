import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { layouts, writeLayout } from '../../../test/support/dataset-layouts.js'
import { freshFolder } from '../../../test/support/fresh-folder.js'
import { DataError } from '../../core/errors.js'
import { datasetNamed } from './registry.js'

let root: string
freshFolder((folder) => {
  root = folder
})

describe('original annotations that cannot be used', () => {
  const damage: [
    name: string,
    what: string,
    file: string,
    content: string | Buffer | undefined,
    message: RegExp,
  ][] = [
    [
      'OxfordPets',
      'a missing list',
      'oxford_pets/annotations/test.txt',
      undefined,
      /annotations\/test\.txt: does not exist/,
    ],
    [
      'OxfordPets',
      'a line of another form',
      'oxford_pets/annotations/test.txt',
      'Abyssinian_1 1\n',
      /test\.txt, line 1: "Abyssinian_1 1"; expected "<image>/,
    ],
    [
      'OxfordPets',
      'a path that leads out',
      'oxford_pets/annotations/test.txt',
      '../../x_1 1 1 1\n',
      /test image 1: a path that leads upwards/,
    ],
    [
      'StanfordCars',
      'a damaged MATLAB file',
      'stanford_cars/devkit/cars_meta.mat',
      'MATLAB',
      /cars_meta\.mat: 6 bytes, too short/,
    ],
    [
      'StanfordCars',
      'a MATLAB file of something else',
      'stanford_cars/devkit/cars_meta.mat',
      layouts.OxfordFlowers['oxford_flowers/imagelabels.mat'],
      /cars_meta\.mat: no cells "class_names"/,
    ],
    [
      'OxfordFlowers',
      'names that are a list',
      'oxford_flowers/cat_to_name.json',
      '["rose"]',
      /cat_to_name\.json: .*expected an object/,
    ],
    [
      'OxfordFlowers',
      'a class without a name',
      'oxford_flowers/cat_to_name.json',
      '{"1": "rose"}',
      /cat_to_name\.json: no name for class 2/,
    ],
    [
      'SUN397',
      'an unknown class folder',
      'sun397/Training_01.txt',
      '/z/zoo/sun_1.jpg\n',
      /Training_01\.txt, line 1: .*class folder of ClassName\.txt/,
    ],
    [
      'UCF101',
      'an unknown action',
      'ucf101/ucfTrainTestlist/testlist01.txt',
      'Juggling/v_1.avi\n',
      /testlist01\.txt, line 1: .*expected a video of an action/,
    ],
    [
      'FGVCAircraft',
      'an unknown variant',
      'fgvc_aircraft/images_variant_val.txt',
      '0000001 Zeppelin\n',
      /images_variant_val\.txt, line 1: /,
    ],
    [
      'FGVCAircraft',
      'a variant without images',
      'fgvc_aircraft/variants.txt',
      'Zeppelin\n707-320\nCessna 172\n',
      /variants\.txt: "Zeppelin" has no images/,
    ],
    [
      'ImageNet',
      'a class folder without a name',
      'imagenet/classnames.txt',
      'n01440764 tench\n',
      /classnames\.txt: no line for the class folder "n01443537"/,
    ],
    [
      'ImageNet',
      'a folder without a class name',
      'imagenet/classnames.txt',
      'n01440764\n',
      /classnames\.txt, line 1: .*expected a class folder and a class name/,
    ],
    [
      'ImageNetV2',
      'more names than folders',
      'imagenetv2/classnames.txt',
      Array.from({ length: 12 }, (_, i) => `n${i} name\n`).join(''),
      /there is no folder "11"; expected the label numbers 0 to 11/,
    ],
    [
      'ImageNetV2',
      'fewer names than folders',
      'imagenetv2/classnames.txt',
      'n01440764 tench\n',
      /there is a folder "1"/,
    ],
  ]
  it.each(damage)('%s with %s', async (name, _, file, content, message) => {
    writeLayout(root, layouts[name as keyof typeof layouts])
    rmSync(join(root, file))
    if (content !== undefined) writeFileSync(join(root, file), content)
    const error = await datasetNamed(name)
      .open({ root })
      .catch((e: unknown) => e)
    expect(error).toBeInstanceOf(DataError)
    expect((error as DataError).message).toMatch(message)
  })

  it('a folder that is missing or not extracted is named, with where to get it', async () => {
    const missing = (await datasetNamed('OxfordPets')
      .open({ root })
      .catch((e: unknown) => e)) as DataError
    expect(missing.message).toMatch(/oxford_pets: does not exist; expected the folder of OxfordPets/)
    expect(missing.hint).toContain('robots.ox.ac.uk')
    mkdirSync(join(root, 'eurosat/2750'), { recursive: true })
    await expect(datasetNamed('EuroSAT').open({ root })).rejects.toThrow(/2750: no class folders/)
    mkdirSync(join(root, 'eurosat/2750/Forest'))
    await expect(datasetNamed('EuroSAT').open({ root })).rejects.toThrow(/Forest: no images/)
  })

  it('ImageNet’s validation images without class folders are said to be so', async () => {
    writeLayout(root, { ...layouts.ImageNet, 'imagenet/images/val/ILSVRC2012_val_1.JPEG': 'image' })
    for (const name of ['n01440764', 'n01443537', 'n02012849']) {
      rmSync(join(root, 'imagenet/images/val', name), { recursive: true })
    }
    await expect(datasetNamed('ImageNet').open({ root })).rejects.toThrow(
      /val: 1 images, but no class folders/,
    )
  })
})

describe('class names of ImageNet', () => {
  it('are read from imagenet where a variant has none of its own', async () => {
    writeLayout(root, { ...layouts.ImageNet, ...layouts.ImageNetA })
    rmSync(join(root, 'imagenet-adversarial/classnames.txt'))
    const set = await datasetNamed('ImageNetA').open({ root })
    expect(set.classNames).toEqual(['goldfish', 'crane bird'])
    rmSync(join(root, 'imagenet/classnames.txt'))
    await expect(datasetNamed('ImageNetA').open({ root })).rejects.toThrow(
      /classnames\.txt: does not exist, nor does/,
    )
  })

  it('stand for an evaluation without the training images, with a warning', async () => {
    writeLayout(root, layouts.ImageNet)
    rmSync(join(root, 'imagenet/images/train'), { recursive: true })
    const set = await datasetNamed('ImageNet').open({ root })
    expect([set.train.length, set.test.length]).toEqual([0, 3])
    expect(set.warnings?.map(({ kind }) => kind)).toContain('no-training-images')
  })
})
