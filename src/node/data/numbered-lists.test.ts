import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join, relative } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { selectClasses } from '../../core/data/base-novel.js'
import type { Datum } from '../../core/data/dataset.js'
import { DataError } from '../../core/errors.js'
import { ClipDatum } from '../video/clips.js'
import { FileDatum } from './file-datum.js'
import { fingerprint } from './fingerprint.js'
import type { ListedFileOptions } from './listed-file.js'
import { openNumberedLists } from './numbered-lists.js'

let base: string
let root: string
let count = 0
beforeAll(async () => {
  base = await mkdtemp(join(tmpdir(), 'numbered-'))
})
beforeEach(async () => {
  root = join(base, `data${count++}`)
  await mkdir(root)
})
afterAll(() => rm(base, { recursive: true }))

/** Files by their path below the root. */
async function write(files: Readonly<Record<string, string>>): Promise<void> {
  for (const [path, content] of Object.entries(files)) {
    await mkdir(dirname(join(root, path)), { recursive: true })
    await writeFile(join(root, path), content)
  }
}

/** Folders of frames; opening lists decodes nothing. */
const clips = (...names: string[]) =>
  write(Object.fromEntries(names.map((name) => [`videos/${name}/frame-1.png`, ''])))

const labels = 'id,name\n0,brush hair\n1,cart_wheel\n'
const yaml = `DATA:
    ROOT: 'videos'
    TRAIN_FILE: 'splits/train.txt'
    VAL_FILE: 'splits/val.txt'
    DATASET: hmdb51
    NUM_CLASSES: 2
    LABEL_LIST: 'labels/labels.csv'
MODEL:
    ARCH: ViT-B/16
`

const open = (options: ListedFileOptions = { clips: true }, file = 'hmdb51.yaml') =>
  openNumberedLists(join(root, file), options)
const labelled = (data: readonly Datum[]) =>
  data.map(({ source, label }) => [relative(join(root, 'videos'), source), label])

describe('numbered lists', () => {
  it('are read as published: the validation list is what is measured, class names are of the class file', async () => {
    await clips('a_(1)!', 'b', 'c d')
    await write({
      'hmdb51.yaml': yaml,
      'labels/labels.csv': labels,
      'splits/train.txt': 'a_(1)! 0\r\nb 1\r\n\r\n',
      'splits/val.txt': 'c d 1\n',
    })
    const data = await open()
    expect(data.name).toBe('hmdb51')
    expect(data.classNames).toEqual(['brush hair', 'cart wheel'])
    expect(labelled(data.train)).toEqual([
      ['a_(1)!', 0],
      ['b', 1],
    ])
    expect(data.val).toEqual([])
    expect(labelled(data.test)).toEqual([['c d', 1]])
    expect(data.train.every((datum) => datum instanceof ClipDatum)).toBe(true)
    expect(data.warnings.map(({ message }) => message)).toEqual(['class "brush hair" has no test images'])
  })

  it('keep the validation list apart where there is one for testing', async () => {
    await clips('a', 'b', 'c')
    await write({
      'lists.yml': 'DATA: {ROOT: videos, TRAIN_FILE: t, VAL_FILE: v, TEST_FILE: e, LABEL_LIST: l.txt}',
      'l.txt': 'walk\nrun\n',
      t: 'a 0',
      v: 'b 1',
      e: 'c 0',
    })
    const { train, val, test } = await open({ clips: true }, 'lists.yml')
    expect([train, val, test].map(labelled)).toEqual([[['a', 0]], [['b', 1]], [['c', 0]]])
  })

  it('are found from the nearest folder above the file that has them, and below another root', async () => {
    await write({
      'repository/configs/ucf/split1.yaml': yaml.replace('videos', '/PATH/TO/videos/folder'),
      'repository/labels/labels.csv': labels,
      'repository/splits/train.txt': 'a 0',
      'repository/splits/val.txt': 'b 1',
    })
    await clips('a', 'b')
    const file = 'repository/configs/ucf/split1.yaml'
    const { train, test } = await open({ clips: true, root: join(root, 'videos') }, file)
    expect([train, test].map(labelled)).toEqual([[['a', 0]], [['b', 1]]])
    await expect(open({ clips: true }, file)).rejects.toMatchObject({
      message: `${join(root, file)}: ROOT /PATH/TO/videos/folder does not exist`,
      hint: 'Say where the videos are: --root FOLDER.',
    })
  })

  it('of base and novel classes make one data set, that knows them', async () => {
    await clips('a', 'b', 'c', 'd', 'e', 'f')
    await write({
      'both.yaml': `DATA:
  ROOT: videos
  TRAIN_FILE: base_train.txt
  VAL_FILE: [base_val.txt, novel_val.txt]
  LABEL_LIST: [base.csv, novel.csv]
`,
      'base.csv': 'id,name\n0,walk\n1,run\n',
      'novel.csv': 'name,id\nswim,1\nfly,0\n',
      'base_train.txt': 'a 0\nb 1\n',
      'base_val.txt': 'c 0\nd 1\n',
      'novel_val.txt': 'e 0\nf 1\n',
    })
    const data = await open({ clips: true }, 'both.yaml')
    expect(data.classNames).toEqual(['walk', 'run', 'fly', 'swim'])
    expect(labelled(data.test)).toEqual([
      ['c', 0],
      ['d', 1],
      ['e', 2],
      ['f', 3],
    ])
    expect(data.warnings).toEqual([])
    const novel = selectClasses(data, 'novel')
    expect([novel.classNames, labelled(novel.test)]).toEqual([
      ['fly', 'swim'],
      [
        ['e', 0],
        ['f', 1],
      ],
    ])
    expect(await fingerprint(data)).not.toBe(await fingerprint({ ...data, baseClasses: 1 }))
  })

  it('may name videos that lie as folders of frames', async () => {
    await clips('a', 'b')
    await write({
      'hmdb51.yaml': yaml,
      'labels/labels.csv': labels,
      'splits/train.txt': 'a.avi 0',
      'splits/val.txt': 'b.avi 1',
    })
    expect(labelled((await open()).train)).toEqual([['a', 0]])
  })

  it('are read for pictures as well, where no clips are asked for', async () => {
    await write({
      'hmdb51.yaml': yaml,
      'labels/labels.csv': labels,
      'splits/train.txt': 'a.jpg 0',
      'splits/val.txt': 'b.jpg 1',
      'videos/a.jpg': '',
      'videos/b.jpg': '',
    })
    const { train } = await open({})
    expect(train[0]).toBeInstanceOf(FileDatum)
  })
})

describe('numbered lists are refused with file, line, what was found and what was expected', () => {
  beforeEach(async () => {
    await clips('a', 'b')
    await write({
      'hmdb51.yaml': yaml,
      'labels/labels.csv': labels,
      'splits/train.txt': 'a 0\n',
      'splits/val.txt': 'b 1\n',
    })
  })

  it.each<[what: string, file: string, content: string, message: string, options?: ListedFileOptions]>([
    [
      'a line without a label',
      'splits/train.txt',
      'a 0\na.avi\n',
      ', line 2: "a.avi"; expected a path and the number of its class',
    ],
    [
      'a label of no class',
      'splits/train.txt',
      '\na 2\n',
      ', line 2: label 2; expected 0 to 1, as in ROOT/labels/labels.csv',
    ],
    [
      'a clip that is not there',
      'splits/val.txt',
      'b 1\nno.avi 0\nnone 0\n',
      ', line 2: no.avi does not exist (and 1 more of 3 clips)',
    ],
    ['a path that leads out', 'splits/val.txt', '../b 1\n', ', line 1: ../b leads out of ROOT/videos'],
    ['an empty list', 'splits/val.txt', '\n', ': lists nothing'],
    ['a video where pictures are read', 'splits/train.txt', 'b.avi 1\n', ', line 1: b.avi is a video', {}],
    [
      'class names without a head',
      'labels/labels.csv',
      '0,walk\n1,run\n',
      ', line 1: "0,walk"; expected id,name',
    ],
    [
      'a class number twice',
      'labels/labels.csv',
      'id,name\n0,walk\n0,run\n',
      ', line 3: id "0"; expected each number from 0 to 1 once',
    ],
    [
      'a class number too many',
      'labels/labels.csv',
      'id,name\n1,walk\n2,run\n',
      ', line 3: id "2"; expected each number from 0 to 1 once',
    ],
    ['no YAML', 'hmdb51.yaml', 'DATA: [', ': not valid YAML'],
    ['another YAML file', 'hmdb51.yaml', 'OPTIM: {LR: 1}', ', DATA: '],
    ['no class file', 'hmdb51.yaml', 'DATA: {TRAIN_FILE: splits/train.txt}', ': names no LABEL_LIST'],
    ['no list', 'hmdb51.yaml', 'DATA: {LABEL_LIST: labels/labels.csv}', ': names no list of clips'],
    [
      'a list that is not there',
      'hmdb51.yaml',
      yaml.replace('train.txt', 'train9.txt'),
      ': TRAIN_FILE splits/train9.txt does not exist',
    ],
    [
      'more lists than class files',
      'hmdb51.yaml',
      yaml.replace("'splits/val.txt'", '[splits/val.txt, splits/train.txt]'),
      ': 2 lists of VAL_FILE, but 1 of LABEL_LIST; expected a class file for each',
    ],
  ])('%s', async (_what, file, content, message, options = { clips: true }) => {
    await write({ [file]: content })
    const error = await open(options).catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(DataError)
    expect((error as DataError).message).toContain(`${join(root, file)}${message.replace('ROOT', root)}`)
  })
})
