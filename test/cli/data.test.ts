import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import sharp from 'sharp'
import { afterAll, beforeEach, describe, expect, it } from 'vitest'
import { drawnSummaries } from '../../src/core/world/worlds.js'
import { datasets } from '../../src/node/datasets/registry.js'
import { type Ended, expectRefused, promptsrc, promptsrcProcess, startPromptsrc } from '../support/command.js'
import { packed, writeFiles } from '../support/dataset-archives.js'
import { layouts, picture, writeLayout } from '../support/dataset-layouts.js'
import { photoFolder } from '../support/photo-folder.js'
import { tarOf } from '../support/tar-writer.js'

const base = mkdtempSync(join(tmpdir(), 'promptsrc-data-command-'))
let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(base, 'case-'))
})
afterAll(() => rmSync(base, { recursive: true, force: true }))
const at = (...parts: string[]) => join(folder, ...parts)
const run = (...args: string[]) => promptsrc(folder, ...args)

/** Expects a call to have said what it found, and then to have ended with code 2. */
function expectFound({ code, stdout, stderr }: Ended, ...words: string[]): void {
  expect(code, stderr).toBe(2)
  expect(stderr).toMatch(/^error: /m)
  expect(stderr).not.toMatch(/\n +at |fault of promptsrc/)
  for (const word of words) expect(stdout + stderr).toContain(word)
}

/** Lines of a table by their first word. */
const rowsOf = (text: string) =>
  new Map(text.split('\n').map((line) => [line.trim().split(/\s+/)[0]!, line.trim().split(/\s+/).slice(1)]))

describe('data list', () => {
  it('lists published and drawn sets with their counts', async () => {
    const { code, stdout } = await promptsrcProcess(folder, 'data', 'list')
    expect(code).toBe(0)
    const rows = rowsOf(stdout)
    expect(rows.get('OxfordPets')).toEqual(['37', '2944', '736', '3669', 'oxford_pets/'])
    expect(rows.get('ImageNetA')).toEqual(['200', '-', '-', '7500', 'imagenet-adversarial/'])
    expect(rows.get('toy-a')).toEqual(['12', '240', '48', '480', '(drawn,', 'no', 'files)'])
  })

  it('refuses a root that is not there', async () => {
    expectRefused(await run('data', 'list', '--root', 'nowhere'), '--root nowhere', 'no such folder')
  })

  it('says which are there', async () => {
    writeLayout(at('root'), layouts.EuroSAT)
    mkdirSync(at('root/dtd'))
    const { stdout } = await run('data', 'list', '--root', 'root')
    const rows = rowsOf(stdout)
    expect(['EuroSAT', 'DescribableTextures', 'Food101'].map((name) => rows.get(name)![4])).toEqual([
      'yes',
      'incomplete',
      'no',
    ])
    const json = JSON.parse((await run('data', 'list', '--root', 'root', '--json')).stdout)
    expect(json).toHaveLength(datasets.length + drawnSummaries.size)
    expect(json[9]).toMatchObject({ name: 'EuroSAT', classes: 10, folder: 'eurosat', there: 'yes' })
  })
})

describe('data check of a published set', () => {
  it('names what is missing and where to get it', async () => {
    const nothing = await run('data', 'check', 'oxford_pets', '--root', '.')
    expectFound(nothing, 'MISSING  images/', 'images.tar.gz', 'there is no folder oxford_pets')
    mkdirSync(at('oxford_pets/images'), { recursive: true })
    writeFileSync(at('oxford_pets/annotations.tar.gz'), '')
    const partly = await run('data', 'check', 'OxfordPets', '--root', '.')
    expectFound(
      partly,
      'found    images/',
      'MISSING  annotations/test.txt',
      'absent   split_zhou_OxfordPets.json',
      'archives to unpack: annotations.tar.gz',
      'incomplete: annotations/trainval.txt, annotations/test.txt are missing',
      'data prepare OxfordPets',
    )
    const json = JSON.parse((await run('data', 'check', 'OxfordPets', '--root', '.', '--json')).stdout)
    expect(json).toMatchObject({ name: 'OxfordPets', complete: false, archives: ['annotations.tar.gz'] })
  })

  it('gives counts beside the published ones, and what they were read from', async () => {
    writeLayout(folder, layouts.OxfordPets)
    const original = await run('data', 'check', 'OxfordPets', '--root', '.')
    expect(original.code).toBe(0)
    expect(original.stdout).toContain('read from the original annotations')
    expect(original.stderr).toContain('only the published split reproduces published results')
    const rows = rowsOf(original.stdout)
    expect(rows.get('classes')).toEqual(['2', '37', 'differs'])
    expect(rows.get('test')).toEqual(['7', '3669', 'differs'])

    const item = (n: number) => [`Abyssinian_000${n}.jpg`, 0, 'abyssinian']
    const split = { train: [item(1)], val: [item(2)], test: [item(3)] }
    writeFileSync(at('oxford_pets/split_zhou_OxfordPets.json'), JSON.stringify(split))
    mkdirSync(at('oxford_pets/split_fewshot'))
    writeFileSync(at('oxford_pets/split_fewshot/shot_1-seed_1.pkl'), '')
    const { stdout, stderr } = await run('data', 'check', 'OxfordPets', '--root', '.')
    expect(stdout).toContain('read from the split file')
    expect(stdout).toContain('cached few-shot draws, which are used: 1')
    expect(stderr).not.toContain('reproduces')
    const json = JSON.parse((await run('data', 'check', 'OxfordPets', '--root', '.', '--json')).stdout)
    expect(json).toMatchObject({
      annotations: 'split file',
      counts: { classes: 1, train: 1, val: 1, test: 1 },
      published: { classes: 37 },
      cachedDraws: ['shot_1-seed_1.pkl'],
      absentImages: [],
    })
  })

  it('finds images that the split names and the folder lacks', async () => {
    writeLayout(folder, layouts.FGVCAircraft)
    rmSync(at('fgvc_aircraft/images/0000002.jpg'))
    const ended = await run('data', 'check', 'FGVCAircraft', '--root', '.')
    expectFound(ended, 'images that are not there: 1', '0000002.jpg', 'prepare --again')
  })

  it('says what is wrong with an annotation, by file and line', async () => {
    writeLayout(folder, layouts.FGVCAircraft)
    writeFileSync(at('fgvc_aircraft/images_variant_val.txt'), 'nonsense\n')
    expectRefused(await run('data', 'check', 'FGVCAircraft', '--root', '.'), 'images_variant_val.txt, line 1')
  })
})

describe('data check of one’s own data', () => {
  it('decodes every image on request and draws a sheet', async () => {
    await photoFolder(at('photos'), 2)
    const good = await run('data', 'check', 'photos', '--images', '--sheet')
    expect(good.code).toBe(0)
    expect(rowsOf(good.stdout).get('train')).toEqual(['8'])
    expect(good.stdout).toContain('every image decodes')
    const { width, height, format } = await sharp(at('photos-sheet.png')).metadata()
    expect([format, width! > 600, height! > 200]).toEqual(['png', true, true])

    writeFileSync(at('photos/train/red_square/0.png'), 'no image')
    const bad = await run('data', 'check', 'photos', '--images', '--sheet', 'sheets/bad.png')
    expectFound(bad, 'images that cannot be decoded: 1', 'red_square/0.png')
    expect(existsSync(at('sheets/bad.png'))).toBe(true)
    const json = JSON.parse((await run('data', 'check', 'photos', '--images', '--json')).stdout)
    expect(json.badImages).toEqual([expect.objectContaining({ source: 'photos/train/red_square/0.png' })])
  })

  it('reads lists, which train and are evaluated as well', async () => {
    await photoFolder(at('photos'), 2)
    const rows = ['train', 'test'].flatMap((part) =>
      ['red_square', 'blue_square'].flatMap((name) =>
        [0, 1].map((n) => `${part}/${name}/${n}.png,${name},${part}`),
      ),
    )
    writeFileSync(at('list.csv'), `path,class,split\n${rows.join('\n')}\n`)
    const { stdout } = await run('data', 'check', 'list.csv', '--root', 'photos')
    expect(stdout).toContain('classes: blue square, red square')
    const trained = await run(
      ...['train', 'list.csv', '--root', 'photos', '--model', 'tiny', '--shots', '1', '--epochs', '1'],
      ...['--threads', '1', '--out', 'run', '--json'],
    )
    expect(trained.code, trained.stderr).toBe(0)
    expect(JSON.parse(trained.stdout).test.count).toBe(4)
    expectRefused(await run('data', 'check', 'list.csv'), 'list.csv, line 2', '--root')
  })

  it('takes a misspelt name for one, with suggestions', async () => {
    expectRefused(await run('data', 'check', 'OxfordPet', '--root', '.'), 'OxfordPets')
    expectRefused(await run('data', 'prepare', 'OxfordPet', '--root', '.'), 'OxfordPets')
  })
})

describe('a cached draw of the Python code', () => {
  it('is trained on, with a word that it is', async () => {
    const names = [1, 2, 3, 4, 5].flatMap((n) => [`Cat_${n}.jpg`, `dog_${n}.jpg`])
    writeFiles(at('oxford_pets/images'), Object.fromEntries(names.map((name) => [name, picture])))
    const items = (...numbers: number[]) =>
      ['Cat', 'dog'].flatMap((name, label) =>
        numbers.map((n) => [`${name}_${n}.jpg`, label, name.toLowerCase()]),
      )
    const split = { train: items(1, 2, 3, 4), val: items(5), test: items(5) }
    writeFileSync(at('oxford_pets/split_zhou_OxfordPets.json'), JSON.stringify(split))
    const cache = at('oxford_pets/split_fewshot')
    const fixtures = fileURLToPath(new URL('../fixtures/few-shot-cache/', import.meta.url))
    mkdirSync(cache)
    cpSync(join(fixtures, 'protocol-5.pkl'), join(cache, 'shot_2-seed_1.pkl'))
    cpSync(join(fixtures, 'command.pkl'), join(cache, 'shot_2-seed_2.pkl'))
    const train = (seed: number) =>
      run(
        ...['train', 'OxfordPets', '--root', '.', '--model', 'tiny', '--shots', '2', '--epochs', '1'],
        ...['--seed', String(seed), '--out', `run${seed}`, '--threads', '1'],
      )
    const { code, stderr } = await train(1)
    expect(code, stderr).toBe(0)
    expect(stderr).toContain(
      'warning: the cached few-shot draw oxford_pets/split_fewshot/shot_2-seed_1.pkl is used',
    )
    expectRefused(await train(2), 'shot_2-seed_2.pkl', 'posix.system')
    expect(existsSync(at('owned'))).toBe(false)
  })
})

describe('data prepare', () => {
  it('unpacks archives, says what is left to get, and goes on when that is there', async () => {
    const files = packed('OxfordPets')
    const { 'oxford_pets/annotations.tar.gz': annotations, ...first } = files
    writeFiles(folder, first)
    const partly = await run('data', 'prepare', 'OxfordPets', '--root', '.')
    expectFound(
      partly,
      'images.tar.gz: 21 files unpacked',
      'found    images/',
      'MISSING  annotations/trainval.txt',
      'split_zhou_OxfordPets.json',
    )
    writeFiles(folder, { 'oxford_pets/annotations.tar.gz': annotations! })
    const whole = await run('data', 'prepare', 'OxfordPets', '--root', '.', '--json')
    expect(whole.code).toBe(0)
    expect(JSON.parse(whole.stdout)).toMatchObject({
      complete: true,
      archives: [
        { file: 'images.tar.gz', written: 0, kept: 21 },
        { file: 'annotations.tar.gz', written: 2 },
      ],
    })
    expect(await run('data', 'check', 'OxfordPets', '--root', '.', '--images')).toMatchObject({ code: 0 })
  })

  it('killed in the middle is completed by the same command', async () => {
    const names = Array.from({ length: 4000 }, (_, i) => `2750/River/River_${i}.jpg`)
    writeFiles(folder, { 'eurosat/EuroSAT.zip': tarOf(names.map((path) => ({ path, data: picture }))) })
    const running = startPromptsrc(folder, ['data', 'prepare', 'EuroSAT', '--root', '.'])
    const images = () => readdirSync(at('eurosat/2750/River')).filter((name) => !name.startsWith('.'))
    while (!existsSync(at('eurosat/2750/River')) || images().length < 50) await delay(5)
    running.process.kill('SIGKILL')
    await running.ended
    expect(images().length).toBeLessThan(4000)
    expect(existsSync(at('eurosat/.unpacked.json'))).toBe(false)

    const again = await run('data', 'prepare', 'EuroSAT', '--root', '.')
    expect(again.code, again.stderr).toBe(0)
    expect(again.stdout).toMatch(/EuroSAT\.zip: \d+ files unpacked, \d+ were there/)
    expect(images()).toHaveLength(4000)
    expect(readFileSync(at('eurosat/2750/River/River_3999.jpg'))).toEqual(picture)
    expect(readdirSync(at('eurosat/2750/River')).filter((name) => name.startsWith('.'))).toEqual([])
  })

  it.each<[string, (path: string) => Buffer, string]>([
    [
      'leads upwards',
      () => tarOf([{ path: '../evil', data: 'x' }]),
      'images.tar.gz: the archive has an entry with a path that leads upwards',
    ],
    [
      'is absolute',
      () => gzipSync(tarOf([{ path: '/tmp/evil', data: 'x' }])),
      'images.tar.gz: the archive has an entry with an absolute path',
    ],
    [
      'goes through a link that is there',
      () => tarOf([{ path: 'out/evil', data: 'x' }]),
      'oxford_pets/out: a symbolic link that leads out of',
    ],
    [
      'is cut off',
      () => tarOf([{ path: 'images/1.jpg', data: 'x'.repeat(2000) }]).subarray(0, 1500),
      'images.tar.gz: the archive is damaged',
    ],
    [
      'is no archive',
      () => Buffer.from('<html>Too many downloads</html>'.repeat(100)),
      'images.tar.gz: the archive is damaged',
    ],
  ])('refuses an archive that %s', async (_, bytes, message) => {
    mkdirSync(at('oxford_pets'))
    mkdirSync(at('outside'))
    symlinkSync(at('outside'), at('oxford_pets/out'))
    writeFileSync(at('oxford_pets/images.tar.gz'), bytes(folder))
    expectRefused(await run('data', 'prepare', 'OxfordPets', '--root', '.'), message)
    expect(readdirSync(at('outside'))).toEqual([])
    expect(existsSync(at('evil'))).toBe(false)
    expect(existsSync(at('oxford_pets/.unpacked.json'))).toBe(false)
  })
})
