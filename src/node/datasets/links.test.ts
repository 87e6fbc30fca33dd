import { cpSync, mkdirSync, renameSync, rmSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { type Layout, layouts, writeLayout } from '../../../test/support/dataset-layouts.js'
import { freshFolder } from '../../../test/support/fresh-folder.js'
import { DataError, ImageError } from '../../core/errors.js'
import { datasetNamed } from './registry.js'

let root: string
freshFolder((folder) => {
  root = folder
})

const withSplit = (...entries: [path: string, label: number, className: string][]): Layout => ({
  ...layouts.OxfordPets,
  'oxford_pets/split_zhou_OxfordPets.json': JSON.stringify({
    train: [...entries, ['Abyssinian_0002.jpg', 0, 'abyssinian']],
    val: [],
    test: [],
  }),
})
const open = () => datasetNamed('OxfordPets').open({ root })

describe('symbolic links in published data sets', () => {
  const outside = () => {
    writeLayout(root, { 'elsewhere/secret.jpg': 'image' })
    return join(root, 'elsewhere')
  }

  it('may lead to the data set’s folder', async () => {
    writeLayout(root, withSplit())
    mkdirSync(join(root, 'store'))
    renameSync(join(root, 'oxford_pets'), join(root, 'store/pets'))
    symlinkSync(join(root, 'store/pets'), join(root, 'oxford_pets'))
    expect((await (await open()).train[0]!.load()).width).toBe(3)
  })

  it.each([
    ['an image', 'secret.jpg', 'images/link.jpg', 'link.jpg'],
    ['a folder of images', '', 'images/linked', 'linked/secret.jpg'],
  ])('of %s must not lead out: the image is refused when it is loaded', async (_, target, link, path) => {
    writeLayout(root, withSplit([path, 0, 'abyssinian']))
    symlinkSync(join(outside(), target), join(root, 'oxford_pets', link))
    const error = await (await open()).train[0]!.load().catch((e: unknown) => e)
    expect(error).toBeInstanceOf(DataError)
    // Not as a bad image, which could be left out.
    expect(error).not.toBeInstanceOf(ImageError)
    expect((error as DataError).message).toMatch(/leads out of the data folder/)
  })

  it('of the image folder or the split file must not lead out', async () => {
    writeLayout(root, withSplit())
    renameSync(join(root, 'oxford_pets/images'), join(root, 'images'))
    symlinkSync(join(root, 'images'), join(root, 'oxford_pets/images'))
    await expect(open()).rejects.toThrow(/oxford_pets\/images: a symbolic link that leads out/)
    rmSync(join(root, 'oxford_pets/images'))
    renameSync(join(root, 'images'), join(root, 'oxford_pets/images'))
    const file = 'split_zhou_OxfordPets.json'
    renameSync(join(root, 'oxford_pets', file), join(root, file))
    symlinkSync(join(root, file), join(root, 'oxford_pets', file))
    await expect(open()).rejects.toThrow(/json: a symbolic link that leads out/)
  })

  it('of ImageNet’s train and val may lead elsewhere, from where no image may lead out', async () => {
    writeLayout(root, layouts.ImageNet)
    cpSync(join(root, 'imagenet/images'), join(root, 'ilsvrc'), { recursive: true })
    rmSync(join(root, 'imagenet/images'), { recursive: true })
    mkdirSync(join(root, 'imagenet/images'))
    for (const part of ['train', 'val'])
      symlinkSync(join(root, 'ilsvrc', part), join(root, 'imagenet/images', part))
    const imageNet = datasetNamed('ImageNet')
    const set = await imageNet.open({ root })
    expect((await set.train[0]!.load()).width).toBe(3)
    symlinkSync(join(outside(), 'secret.jpg'), join(root, 'ilsvrc/val/n01440764/link.jpg'))
    await expect(imageNet.open({ root })).rejects.toThrow(/link\.jpg: a symbolic link that leads out/)
  })
})
