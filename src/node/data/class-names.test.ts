import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { DataError } from '../../core/errors.js'
import { resolveClassNames } from './class-names.js'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'class-names-'))
})
afterAll(() => rm(folder, { recursive: true }))

async function named(folders: string[], content: string | Uint8Array): Promise<string[]> {
  const file = join(folder, 'names')
  await writeFile(file, content)
  return resolveClassNames(folders, file)
}

describe('resolveClassNames from folders', () => {
  it('reads underscores as spaces and keeps case', async () => {
    expect(await resolveClassNames(['Boeing_737', 'lily__of_the valley_'])).toEqual([
      'Boeing 737',
      'lily of the valley',
    ])
  })

  it('composes decomposed accents', async () => {
    expect(await resolveClassNames(['cafe\u0301'])).toEqual(['caf\u00e9'])
  })

  it('refuses names that differ in case and spacing only, naming both folders', async () => {
    await expect(resolveClassNames(['Red_Fox', 'red  fox'])).rejects.toThrow(/"Red_Fox" and "red {2}fox"/)
    await expect(resolveClassNames(['a', 'A'])).rejects.toBeInstanceOf(DataError)
  })

  it('refuses an empty name', async () => {
    await expect(resolveClassNames(['_'])).rejects.toThrow('"_" gives an empty class name')
  })
})

describe('resolveClassNames with a file', () => {
  it.each([
    ['lines in class order', 'first\n\nsecond: 2\r\n'],
    ['lines by folder', 'b: second: 2\na: first'],
    ['a JSON list', '["first", "second: 2"]'],
    ['a JSON object', ' {"b": "second: 2", "a": "first"}'],
  ])('takes %s', async (_, content) => {
    expect(await named(['a', 'b'], content)).toEqual(['first', 'second: 2'])
  })

  it('keeps the folder names that it does not mention', async () => {
    expect(await named(['n01', 'red_fox'], 'n01: tench')).toEqual(['tench', 'red fox'])
  })

  it('takes folders that are named like object members', async () => {
    expect(await named(['__proto__', 'constructor'], 'constructor: builder')).toEqual(['proto', 'builder'])
  })

  it.each([
    ['too few names', 'one', '1 names for 2 class folders'],
    ['an unknown folder', 'a: x\nc: y', 'no class folder "c"'],
    ['a line without a folder', 'a: x\ny', '"y" is not of the form'],
    ['a folder named twice', 'a: x\na: y', 'folder "a" is named twice'],
    ['broken JSON', '{"a": ', 'not valid JSON'],
    ['JSON of another shape', '[1, 2]', 'expected a list of names'],
    ['an empty name', 'a: \nb: y', 'empty class name'],
    ['a name that shows nothing', 'a: \u200b\u200d\nb: y', 'empty class name'],
    ['equal names', 'x\nX', 'same class name "X"'],
    ['bytes that are no text', new Uint8Array([0xff, 0xfe, 0x00]), 'not UTF-8'],
  ])('refuses %s', async (_, content, message) => {
    const result = named(['a', 'b'], content)
    await expect(result).rejects.toThrow(message)
    await expect(result).rejects.toBeInstanceOf(DataError)
  })

  it('refuses a file that does not exist, naming it', async () => {
    await expect(resolveClassNames(['a'], join(folder, 'none.txt'))).rejects.toThrow(
      /none\.txt: cannot be read \(ENOENT\)/,
    )
  })
})

describe('lists of ImageNet as CoOp has them', () => {
  it('are lines of a folder and a name where every line begins with a folder', async () => {
    expect(
      await named(['n01440764', 'n01443537'], 'n01443537 goldfish\nn01440764 great white shark\n'),
    ).toEqual(['great white shark', 'goldfish'])
  })

  it('are names in class order where one line begins otherwise', async () => {
    expect(await named(['tabby', 'zebra'], 'tabby cat\nplains zebra\n')).toEqual([
      'tabby cat',
      'plains zebra',
    ])
  })
})
