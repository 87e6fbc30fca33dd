import { mkdir, symlink, writeFile } from 'node:fs/promises'
import { dirname, join, relative } from 'node:path'
import sharp from 'sharp'
import { describe, expect, it } from 'vitest'
import { freshFolder } from '../../../test/support/fresh-folder.js'
import type { Datum } from '../../core/data/dataset.js'
import { ConfigError, DataError } from '../../core/errors.js'
import { openFolder } from './folder.js'
import { compareCodePoints } from './listing.js'

let root: string
freshFolder((folder) => {
  root = folder
})

/** Empty files below the root: opening a folder reads names only. */
async function touch(...paths: string[]): Promise<void> {
  for (const path of paths) {
    await mkdir(dirname(join(root, path)), { recursive: true })
    await writeFile(join(root, path), '')
  }
}

const photos = (folder: string, n: number) => Array.from({ length: n }, (_, i) => `${folder}/${i}.jpg`)
const pathsOf = (data: readonly Datum[]) => data.map(({ source }) => relative(root, source))

describe('openFolder on class folders', () => {
  it('numbers classes by code point and reads names from folders', async () => {
    await touch('red_fox/1.jpg', 'Zebra/1.jpg', '\u{1f600}/1.jpg', '\uff01/1.jpg')
    const dataset = await openFolder(root)
    expect(dataset.classNames).toEqual(['Zebra', 'red fox', '\uff01', '\u{1f600}'])
    expect(dataset.folders).toEqual(['Zebra', 'red_fox', '\uff01', '\u{1f600}'])
    expect(dataset.train.map(({ label }) => label)).toEqual([0, 1, 2, 3])
    expect(dataset.name).toBe(relative(dirname(root), root))
  })

  it('takes image files of all kinds and leaves out everything else', async () => {
    await touch('a/1.JPG', 'a/2.jpeg', 'a/3.png', 'a/4.WebP', 'a/5.gif', 'a/6.avif', 'a/7.tiff')
    await touch('a/8.jfif', 'a/8.jpe', 'a/8.BMP', 'a/8.heic', 'a/8.HEIF', 'a/8.jxl')
    await touch(
      'a/.8.jpg',
      'a/._1.jpg',
      'a/Thumbs.db',
      'a/desktop.INI',
      'a/@eaDir/1.jpg/SYNOPHOTO_THUMB_XL.jpg',
      '@eaDir/a/1.jpg',
      '#recycle/1.jpg',
      'a/notes.txt',
      'a/jpg',
      '__MACOSX/a/1.jpg',
      '.git/a.jpg',
    )
    const dataset = await openFolder(root, { testFraction: 0 })
    expect(pathsOf(dataset.train)).toEqual([
      'a/1.JPG',
      'a/2.jpeg',
      'a/3.png',
      'a/4.WebP',
      'a/5.gif',
      'a/6.avif',
      'a/7.tiff',
      'a/8.BMP',
      'a/8.HEIF',
      'a/8.heic',
      'a/8.jfif',
      'a/8.jpe',
      'a/8.jxl',
    ])
    expect(dataset.test).toEqual([])
    expect(dataset.warnings).toEqual([
      {
        kind: 'ignored',
        message: expect.stringMatching(/^2 files of other types than images ignored \(such as .*a\/jpg\)$/),
      },
    ])
  })

  it('keeps a share of every class for testing, the same one every time', async () => {
    await touch(...photos('a', 10), ...photos('b', 5), ...photos('c', 2), ...photos('d', 1))
    const dataset = await openFolder(root)
    const counts = (data: readonly Datum[]) =>
      [0, 1, 2, 3].map((c) => data.filter((d) => d.label === c).length)
    expect(counts(dataset.test)).toEqual([3, 2, 1, 0])
    expect(counts(dataset.train)).toEqual([7, 3, 1, 1])
    expect(pathsOf([...dataset.train, ...dataset.test]).sort()).toEqual(
      [...photos('a', 10), ...photos('b', 5), ...photos('c', 2), ...photos('d', 1)].sort(),
    )
    expect(pathsOf((await openFolder(root)).test)).toEqual(pathsOf(dataset.test))
    expect(dataset.warnings).toEqual([
      { kind: 'no-test-images', message: 'class folder "d" has no test images' },
    ])
  })

  it('does not move test images of other classes when a class grows', async () => {
    await touch(...photos('a', 10), ...photos('b', 10))
    const before = pathsOf((await openFolder(root)).test)
    await touch('b/new.jpg')
    const after = pathsOf((await openFolder(root)).test)
    expect(after.filter((path) => path.startsWith('a'))).toEqual(
      before.filter((path) => path.startsWith('a')),
    )
  })

  it('takes class names from a file', async () => {
    await touch('n01/1.jpg', 'n02/1.jpg')
    const names = join(dirname(root), 'names.txt')
    await writeFile(names, 'tench\ngoldfish\n')
    expect((await openFolder(root, { classNames: names })).classNames).toEqual(['tench', 'goldfish'])
  })

  it('loads images from their files', async () => {
    await mkdir(join(root, 'a'))
    const red = { create: { width: 3, height: 2, channels: 3 as const, background: '#ff0000' } }
    await sharp(red)
      .png()
      .toFile(join(root, 'a', '1.png'))
    const [datum] = (await openFolder(root)).train
    const image = await datum!.load()
    expect([image.width, image.height, ...image.data.slice(0, 3)]).toEqual([3, 2, 255, 0, 0])
  })

  it('names the file that cannot be decoded', async () => {
    await touch('a/broken.jpg')
    const [datum] = (await openFolder(root)).train
    await expect(datum!.load()).rejects.toThrow(/broken\.jpg/)
  })
})

describe('openFolder on train and test folders', () => {
  it('keeps the given parts, classes numbered over all of them', async () => {
    await touch('train/b/1.jpg', 'train/a/1.jpg', 'test/b/2.jpg', 'test/c/2.jpg', 'val/a/3.jpg')
    const dataset = await openFolder(root)
    expect(dataset.classNames).toEqual(['a', 'b', 'c'])
    expect(pathsOf(dataset.train)).toEqual(['train/a/1.jpg', 'train/b/1.jpg'])
    expect(pathsOf(dataset.val)).toEqual(['val/a/3.jpg'])
    expect(dataset.test.map(({ label }) => label)).toEqual([1, 2])
    expect(dataset.warnings.map(({ kind }) => kind)).toEqual(['no-test-images', 'no-training-images'])
  })

  it('divides train where there is no test', async () => {
    await touch(...photos('train/a', 10), ...photos('train/b', 10))
    const dataset = await openFolder(root)
    expect([dataset.train.length, dataset.test.length]).toEqual([14, 6])
  })

  it('has no training images where there is only test', async () => {
    await touch(...photos('test/a', 3))
    const dataset = await openFolder(root)
    expect([dataset.train.length, dataset.test.length, dataset.warnings.length]).toEqual([0, 3, 0])
  })

  it('takes a folder named train that holds images for a class', async () => {
    await touch('train/1.jpg', 'bus/1.jpg')
    expect((await openFolder(root)).classNames).toEqual(['bus', 'train'])
  })

  it('warns of what it leaves out', async () => {
    await touch('train/a/1.jpg', 'test/a/1.jpg', 'train/loose.jpg', 'more/x.jpg')
    const { warnings } = await openFolder(root)
    expect(warnings.map(({ kind }) => kind)).toEqual(['ignored', 'ignored'])
    expect(warnings.map(({ message }) => message).join()).toMatch(/loose\.jpg.*more is ignored/)
  })
})

describe('openFolder on folders that cannot be used', () => {
  const refused = async (message: RegExp, hint?: RegExp) => {
    const error = await openFolder(root).then(
      () => undefined,
      (reason) => reason,
    )
    expect(error).toBeInstanceOf(DataError)
    expect(error.message).toMatch(message)
    if (hint !== undefined) expect(error.hint).toMatch(hint)
  }

  it('refuses one that does not exist, is a file or is empty', async () => {
    await refused(/is empty/)
    root = join(dirname(root), 'none')
    await refused(/none: does not exist/)
    await writeFile(join(dirname(root), 'file'), '')
    root = join(dirname(root), 'file')
    await refused(/is a file/)
  })

  it('says where the images belong when they lie in the root', async () => {
    await touch('1.jpg', '2.png')
    await refused(/2 images, but no class folders/, /<class>/)
  })

  it('refuses a class folder without images', async () => {
    await touch('a/1.jpg', 'b/1.psd')
    await refused(/b: no images \(1 other file, such as 1\.psd\)/, /\.webp/)
  })

  it('refuses images one level too deep', async () => {
    await touch('a/part1/1.jpg')
    await refused(/a: 1 folder, but no images of its own/)
  })

  it('refuses folders whose names read alike', async () => {
    await touch('red_fox/1.jpg', 'Red fox/1.jpg')
    await refused(/"Red fox" and "red_fox"/)
  })

  it('refuses a test fraction that is none', async () => {
    await touch('a/1.jpg')
    for (const testFraction of [1, -0.1, Number.NaN]) {
      await expect(openFolder(root, { testFraction })).rejects.toBeInstanceOf(ConfigError)
    }
  })
})

describe('openFolder with symbolic links', () => {
  it('follows links within the root, and a root that is one', async () => {
    await touch('a/1.jpg', 'b/1.jpg')
    await symlink('../a/1.jpg', join(root, 'b', '2.jpg'))
    const link = join(dirname(root), 'link')
    await symlink(root, link)
    const dataset = await openFolder(link, { testFraction: 0 })
    expect(dataset.train.map(({ source }) => relative(link, source))).toEqual([
      'a/1.jpg',
      'b/1.jpg',
      'b/2.jpg',
    ])
  })

  it.each([
    ['a file outside', 'outside.jpg', /leads out of the data folder/],
    ['a folder beside the root with the same beginning', 'root-too', /leads out of the data folder/],
    ['nothing', 'nothing.jpg', /does not exist/],
    ['itself', 'loop', /leads back to itself/],
  ])('refuses a link to %s', async (_, name, message) => {
    await touch('a/1.jpg')
    const link = join(root, 'a', 'link.jpg')
    const target = { 'root-too': `${root}-too`, loop: link }[name] ?? join(dirname(root), name)
    if (name === 'outside.jpg') await writeFile(target, '')
    if (name === 'root-too') await mkdir(target)
    await symlink(target, link)
    await expect(openFolder(root)).rejects.toThrow(message)
  })
})

describe('compareCodePoints', () => {
  it('puts an emoji after characters of the basic plane, unlike UTF-16 order', () => {
    expect(['\u{1f600}', '\uff01', 'a', 'B', ''].sort(compareCodePoints)).toEqual([
      '',
      'B',
      'a',
      '\uff01',
      '\u{1f600}',
    ])
  })
})

describe('openFolder on folders that people have', () => {
  it('measures val where there is no test, holds nothing out, and says so', async () => {
    await touch(
      ...photos('train/a', 4),
      ...photos('train/b', 4),
      ...photos('val/a', 2),
      ...photos('val/b', 1),
    )
    const { train, val, test, warnings } = await openFolder(root)
    expect([train.length, val.length, pathsOf(test)]).toEqual([
      8,
      0,
      ['val/a/0.jpg', 'val/a/1.jpg', 'val/b/0.jpg'],
    ])
    expect(warnings).toEqual([
      {
        kind: 'val-as-test',
        message: `${root} has no test images: its validation images are measured, and no training image is held out`,
      },
    ])
  })

  it('names every folder below a class folder whose images it ignores', async () => {
    await touch(...photos('a', 2), ...photos('a/2024', 3), ...photos('b', 2), 'b/empty/notes.txt')
    const { warnings } = await openFolder(root)
    expect(warnings.map(({ message }) => message)).toEqual([
      `${join(root, 'a/2024')}: 3 images below a class folder ignored (such as 0.jpg); move them up to use them`,
    ])
  })

  it('asks for the folder below where the one above was given', async () => {
    await touch(...photos('2750/a', 2), ...photos('2750/b', 2))
    await expect(openFolder(root)).rejects.toMatchObject({
      hint: `Its folders hold images: did you mean ${join(root, '2750')}?`,
    })
  })

  it.each([
    ['Train', 'train'],
    ['testing', 'test'],
    ['validation', 'val'],
  ])('says what %s must be called to be a part', async (given, part) => {
    await touch(...photos(`${given}/a`, 2))
    await expect(openFolder(root)).rejects.toMatchObject({
      hint: `If it holds the ${part} images of every class, call it ${join(root, part)}.`,
    })
  })

  it('names lists as the other thing that data may be where a file was given', async () => {
    await touch('train.txt')
    await expect(openFolder(join(root, 'train.txt'))).rejects.toThrow(/ends in \.csv, \.jsonl or \.ndjson$/)
  })
})
