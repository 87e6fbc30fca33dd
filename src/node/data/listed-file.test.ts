import { mkdir, symlink, writeFile } from 'node:fs/promises'
import { dirname, join, relative } from 'node:path'
import { describe, expect, it } from 'vitest'
import { freshFolder } from '../../../test/support/fresh-folder.js'
import type { Datum } from '../../core/data/dataset.js'
import { DataError } from '../../core/errors.js'
import { openFolder } from './folder.js'
import { type ListedFileOptions, openListedFile } from './listed-file.js'

let root: string
freshFolder((folder) => {
  root = folder
})

/** Empty files below the root: opening a list decodes nothing. */
async function touch(...paths: string[]): Promise<void> {
  for (const path of paths) {
    await mkdir(dirname(join(root, path)), { recursive: true })
    await writeFile(join(root, path), '')
  }
}

/** Opens a list of that content. */
async function openList(content: string | Uint8Array, options: ListedFileOptions & { name?: string } = {}) {
  const { name = 'photos.csv', ...rest } = options
  await writeFile(join(root, name), content)
  return await openListedFile(join(root, name), rest)
}

const pathsOf = (data: readonly Datum[]) => data.map(({ source }) => relative(root, source))
const labelled = (data: readonly Datum[]) => data.map(({ source, label }) => [relative(root, source), label])

describe('a CSV list', () => {
  it('without a header is path, class and split', async () => {
    await touch('a/1.jpg', 'a/2.jpg', 'b/3.jpg', 'b/4.jpg')
    const data = await openList(
      'a/1.jpg,red_fox,train\na/2.jpg,red_fox,test\nb/3.jpg,Zebra,valid\nb/4.jpg,Zebra,TRAIN\n',
    )
    expect(data.name).toBe('photos')
    expect(data.classNames).toEqual(['Zebra', 'red fox'])
    expect(labelled(data.train)).toEqual([
      ['a/1.jpg', 1],
      ['b/4.jpg', 0],
    ])
    expect(labelled(data.val)).toEqual([['b/3.jpg', 0]])
    expect(labelled(data.test)).toEqual([['a/2.jpg', 1]])
  })

  it.each([
    ['path,class,split\n1.jpg,fox,train\n2.jpg,fox,test\n'],
    ['split,Label,id,Image\ntrain,fox,7,1.jpg\ntest,fox,8,2.jpg\n'],
    ['class,label,file,split\nfox,0,1.jpg,train\nfox,0,2.jpg,test\n'],
  ])('with a header has its columns in any order: %j', async (content) => {
    await touch('1.jpg', '2.jpg')
    const data = await openList(content)
    expect(data.classNames).toEqual(['fox'])
    expect([pathsOf(data.train), pathsOf(data.test)]).toEqual([['1.jpg'], ['2.jpg']])
  })

  it('may have a byte-order mark, Windows line ends, quotes, spaces, empty lines', async () => {
    await touch('a, b/1 "x".jpg', '2.jpg')
    const data = await openList('\ufeff"a, b/1 ""x"".jpg" , "fox, red" , test\r\n\r\n2.jpg,hare,train\r\n')
    expect(pathsOf(data.test)).toEqual(['a, b/1 "x".jpg'])
    expect(data.classNames).toEqual(['fox, red', 'hare'])
  })

  it('without a split holds out the same images as a folder of them', async () => {
    const names = Array.from({ length: 10 }, (_, i) => `fox/${i}.jpg`)
    await touch(...names)
    const listed = await openList(names.map((name) => `${name},fox\n`).join(''))
    const folder = await openFolder(root)
    expect(listed.test).toHaveLength(3)
    expect(pathsOf(listed.test)).toEqual(pathsOf(folder.test))
    expect(pathsOf(listed.train)).toEqual(pathsOf(folder.train))
  })

  it('takes class names from a file', async () => {
    await touch('1.jpg', '2.jpg')
    await writeFile(join(root, 'names.txt'), 'n02: goldfish\nn01: tench\n')
    const classNames = join(root, 'names.txt')
    const data = await openList('1.jpg,n01,train\n2.jpg,n02,test\n', { classNames })
    expect(data.classNames).toEqual(['tench', 'goldfish'])
  })

  it('names paths from another folder, where that is given', async () => {
    await touch('images/1.jpg', 'images/2.jpg')
    const other = join(root, 'images')
    const data = await openList(`1.jpg,fox,train\n${other}/2.jpg,fox,test\n`, { root: other })
    expect(pathsOf([...data.train, ...data.test])).toEqual(['images/1.jpg', 'images/2.jpg'])
  })

  it('warns of repeated lines and of images with two classes, and of classes left out', async () => {
    await touch('1.jpg', '2.jpg')
    const data = await openList(
      '1.jpg,fox,train\n./1.jpg,fox,train\n2.jpg,hare,train\n2.jpg,fox,train\n2.jpg,hare,test\n',
    )
    expect(labelled(data.train)).toEqual([
      ['1.jpg', 0],
      ['2.jpg', 1],
      ['2.jpg', 0],
    ])
    const messages = data.warnings.map(({ message }) => message)
    expect(messages[0]).toMatch(/1 repeated lines left out \(such as 1\.jpg, lines 1 and 2\)/)
    expect(messages[1]).toMatch(/2 images listed again .*2\.jpg, lines 3 and 4/)
    expect(messages[2]).toBe('class "fox" has no test images')
  })
})

describe('a list of JSON lines', () => {
  it('is an object a line', async () => {
    await touch('1.jpg', '2.jpg')
    const data = await openList(
      '{"path":"1.jpg","class":"red_fox","split":"train","size":3}\n\n{"image":"2.jpg","label":"hare","split":"test"}',
      { name: 'photos.jsonl' },
    )
    expect(data.classNames).toEqual(['hare', 'red fox'])
    expect(labelled(data.test)).toEqual([['2.jpg', 0]])
  })

  it.each([
    ['{"path":"1.jpg"}', /line 1: no class for 1\.jpg/],
    ['{"path":"1.jpg","class":3}', /line 1: "class" is 3; expected text/],
    ['{"path":"1.jpg","class":"a"}\n{"path"', /line 2: not valid JSON/],
    ['["1.jpg"]', /line 1: expected a JSON object/],
    ['{"__proto__":{"path":"1.jpg","class":"a"}}', /line 1: no path/],
  ])('is refused: %s', async (content, message) => {
    await touch('1.jpg')
    const attempt = openList(content, { name: 'photos.ndjson' })
    await expect(attempt).rejects.toThrow(DataError)
    await expect(attempt).rejects.toThrow(message)
  })
})

describe('a list is refused, with its line:', () => {
  it.each<[string, string | Uint8Array, RegExp]>([
    ['nothing in it', '', /photos\.csv: lists no images/],
    ['a header alone', 'path,class\n', /lists no images/],
    ['no class', '1.jpg\n', /line 1: 1 columns; expected 2 or 3/],
    ['an empty class', '1.jpg,\n', /line 1: no class for 1\.jpg/],
    ['an empty path', '1.jpg,fox\n,fox\n', /line 2: no path/],
    ['too many columns', '1.jpg,fox,train,x\n', /line 1: 4 columns/],
    ['other columns than the header', 'path,class\n1.jpg,fox,train\n', /line 2: 3 columns; expected 2 as in/],
    ['an unknown split', '1.jpg,fox,dev\n', /line 1: split "dev"; expected train, val/],
    ['a split of Object.prototype', '1.jpg,fox,constructor\n', /line 1: split "constructor"/],
    ['a split for some', '1.jpg,fox,train\n1.jpg,fox\n', /line 2: has no split, but line 1 has one/],
    ['a quote without end', '1.jpg,"fox\n2.jpg,fox\n', /not valid CSV: .* opening quote at line 2/],
    ['text that is not UTF-8', Uint8Array.of(0x61, 0x2c, 0xff), /is not UTF-8 text/],
    ['an endless line', `1.jpg,${'x'.repeat(70_000)}\n`, /not valid CSV: record exceed.* line 1/],
    [
      'a missing file',
      '1.jpg,fox\nx.jpg,fox\ny.jpg,fox\n',
      /line 2: x\.jpg does not exist \(and 1 more of 3/,
    ],
    ['a folder', '.,fox\n', /line 1: \. is no file/],
    ['a zero byte', 'a\0.jpg,fox\n', /does not exist/],
    ['classes that read alike', '1.jpg,red_fox\n1.jpg,Red fox\n', /classes "Red fox" and "red_fox"/],
  ])('%s', async (_, content, message) => {
    await touch('1.jpg')
    const attempt = openList(content)
    await expect(attempt).rejects.toThrow(DataError)
    await expect(attempt).rejects.toThrow(message)
  })

  it('another type of file, a missing one', async () => {
    await touch('photos.txt')
    await expect(openListedFile(join(root, 'photos.txt'))).rejects.toThrow(/ends in \.csv, \.jsonl/)
    await expect(openListedFile(join(root, 'none.csv'))).rejects.toThrow(/none\.csv: does not exist/)
  })

  it('paths that lead out of the folder, by name or by a link', async () => {
    const outside = join(dirname(root), 'outside')
    await mkdir(outside, { recursive: true })
    await writeFile(join(outside, '1.jpg'), '')
    await touch('in/1.jpg')
    await symlink(join(outside, '1.jpg'), join(root, 'link.jpg'))
    await symlink(outside, join(root, 'folder'))
    await symlink(join(root, 'in'), join(root, 'inner'))
    for (const path of ['../outside/1.jpg', join(outside, '1.jpg'), 'link.jpg', 'folder/1.jpg']) {
      await expect(openList(`${path},fox\n`), path).rejects.toThrow(/line 1: .* leads out of/)
    }
    expect(pathsOf((await openList('inner/1.jpg,fox\n')).train)).toEqual(['inner/1.jpg'])
  })
})

describe('lists that other tools write', () => {
  it.each([
    ['metadata.csv', 'file_name,label\na/1.jpg,cat\nb/1.jpg,dog\n'],
    ['metadata.jsonl', '{"file_name":"a/1.jpg","label":"cat"}\n{"file_name":"b/1.jpg","label":"dog"}\n'],
    ['table.csv', 'category,image_path\ncat,a/1.jpg\ndog,b/1.jpg\n'],
  ])('are read by their own names of columns and keys: %s', async (name, content) => {
    await touch('a/1.jpg', 'b/1.jpg')
    const { classNames, train } = await openList(content, { name })
    expect([classNames, labelled(train)]).toEqual([
      ['cat', 'dog'],
      [
        ['a/1.jpg', 0],
        ['b/1.jpg', 1],
      ],
    ])
  })

  it('say which columns a header may name where theirs are not known', async () => {
    await touch('a/1.jpg')
    await expect(openList('photograph,kind\na/1.jpg,cat\n')).rejects.toMatchObject({
      hint: expect.stringMatching(
        /^If line 1 is a header, name the columns path, file, .* and class, label, /,
      ),
    })
  })

  it('say which key is missing in JSON lines', async () => {
    await expect(openList('{"photo":"a/1.jpg","class":"cat"}\n', { name: 'p.jsonl' })).rejects.toThrow(
      /line 1: no path; expected a key path, file, image/,
    )
  })

  it('say that folders are separated by a slash where they are not', async () => {
    await touch('a/1.jpg')
    await expect(openList('a\\1.jpg,cat\n')).rejects.toThrow(/but a\/1\.jpg does: separate folders by \//)
  })

  it('have their validation images measured where they list none for testing', async () => {
    await touch('a/1.jpg', 'a/2.jpg', 'b/1.jpg', 'b/2.jpg')
    const list = 'a/1.jpg,cat,train\na/2.jpg,cat,val\nb/1.jpg,dog,train\nb/2.jpg,dog,val\n'
    const { train, val, test, warnings } = await openList(list)
    expect([pathsOf(train), val, pathsOf(test)]).toEqual([['a/1.jpg', 'b/1.jpg'], [], ['a/2.jpg', 'b/2.jpg']])
    expect(warnings.map(({ kind }) => kind)).toEqual(['val-as-test'])
  })
})

describe('a list of clips', () => {
  it('names videos, or folders of frames, also by the name of the video that they were', async () => {
    await touch('a/1/frame-1.png', 'a/2/frame-1.png', 'b/3.png')
    const list = 'a/1,walk,train\na/2.avi,walk,test\nb/3.png,stand,train\n'
    const { train, test } = await openList(list, { clips: true })
    expect([pathsOf(train), pathsOf(test)]).toEqual([['a/1', 'b/3.png'], ['a/2']])
    expect([...train, ...test].map(({ clip }) => clip !== undefined)).toEqual([true, false, true])
  })

  it('is refused where pictures are read', async () => {
    await touch('a/1/frame-1.png', 'a/2.avi')
    await expect(openList('a/1,walk\n')).rejects.toThrow(/line 1: a\/1 is no file/)
    await expect(openList('a/2.avi,walk\n')).rejects.toMatchObject({
      message: expect.stringContaining('line 1: a/2.avi is a video'),
      hint: 'To read videos, say how many frames of each: --frames 8.',
    })
  })
})
