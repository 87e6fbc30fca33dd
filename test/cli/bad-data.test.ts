import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import sharp from 'sharp'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { expectRefused, promptsrc } from '../support/command.js'
import { photoFolder } from '../support/photo-folder.js'
import { trainedRun } from '../support/trained-run.js'

const folder = mkdtempSync(join(tmpdir(), 'promptsrc-data-'))
const at = (...parts: string[]) => join(folder, ...parts)
const run = (...args: string[]) => promptsrc(folder, ...args)
const quick = ['--model', 'tiny', '--shots', '2', '--epochs', '2', '--threads', '1']

/** A copy of the photos under another name, to be damaged. */
function copyOfPhotos(name: string): string {
  cpSync(at('photos'), at(name), { recursive: true })
  return name
}

beforeAll(async () => {
  await photoFolder(at('photos'), 2)
  await trainedRun(folder, 'good')
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

describe('a data folder that cannot be used', () => {
  it.each([
    ['is missing', () => {}, ['does not exist']],
    ['is empty', () => mkdirSync(at('data')), ['is empty', 'one folder of images per class']],
    [
      'has images without class folders',
      () => cpSync(at('photos/train/red_square'), at('data'), { recursive: true }),
      ['no class folders', '<class>'],
    ],
    [
      'has a class without images',
      () => {
        copyOfPhotos('data')
        mkdirSync(at('data/train/void'))
      },
      ['class folder data/train/void: no images', 'remove the folder'],
    ],
    [
      'has two classes of one name',
      () => {
        copyOfPhotos('data')
        cpSync(at('photos/train/red_square'), at('data/train/Red square'), { recursive: true })
      },
      ['"Red square"', '"red_square"', '--class-names'],
    ],
    [
      'has a class name longer than the context',
      () => {
        copyOfPhotos('data')
        cpSync(at('photos/train/red_square'), at('data/train', 'x y '.repeat(60).trim()), {
          recursive: true,
        })
      },
      ['x y x y', 'tokens'],
    ],
  ])('is refused: it %s', async (_, make, words) => {
    rmSync(at('data'), { recursive: true, force: true })
    make()
    expectRefused(await run('train', 'data', ...quick, '--out', 'none'), ...words)
    expect(existsSync(at('none'))).toBe(false)
  })
})

describe('fewer images than shots', () => {
  it('are all used, with a warning', async () => {
    const { code, stderr } = await run(
      'train',
      'photos',
      '--shots',
      '5',
      '--epochs',
      '1',
      '--threads',
      '1',
      '--out',
      'short',
    )
    expect(code).toBe(0)
    expect(stderr).toContain('warning: class "red square" has 2 training images, fewer than 5 shots')
  })
})

describe('an image that cannot be read', () => {
  const kinds: [string, () => Promise<Uint8Array> | Uint8Array][] = [
    ['corrupt', () => new TextEncoder().encode('this is no image')],
    ['empty', () => new Uint8Array()],
    ['truncated', () => readFileSync(at('photos/test/red_square/0.png')).subarray(0, 1500)],
    [
      'wide',
      () =>
        sharp({ create: { width: 50_000, height: 2, channels: 3, background: 'red' } })
          .png()
          .toBuffer(),
    ],
  ]

  it.each(kinds)('is named: %s', async (kind, bytes) => {
    writeFileSync(at(`${kind}.png`), await bytes())
    expectRefused(await run('predict', 'good', `${kind}.png`), `error: ${kind}.png: `)
  })

  it('stops training and evaluation, which name it', async () => {
    const bad = copyOfPhotos('bad')
    writeFileSync(at(bad, 'train/red_square/1.png'), 'no image')
    writeFileSync(at(bad, 'test/blue_square/0.png'), '')
    expectRefused(
      await run('train', bad, ...quick, '--out', 'none'),
      'bad/train/red_square/1.png',
      '--skip-bad-images',
    )
    expect(existsSync(at('none'))).toBe(false)
    expectRefused(await run('eval', 'good', bad), 'bad/test/blue_square/0.png', '--skip-bad-images')
  })

  it('is left out with --skip-bad-images, and listed', async () => {
    const train = await run('train', 'bad', ...quick, '--out', 'skipping', '--skip-bad-images', '--json')
    expect(train.code).toBe(0)
    expect(train.stderr).toContain('left out: bad/train/red_square/1.png')
    expect(train.stderr).toContain('left out: bad/test/blue_square/0.png')
    expect(JSON.parse(train.stdout).test.count).toBe(7)

    const evaluation = await run('eval', 'good', 'bad', '--skip-bad-images', '--json')
    expect(evaluation.code).toBe(0)
    expect(evaluation.stderr).toContain('left out: bad/test/blue_square/0.png')
    const figures = JSON.parse(evaluation.stdout)
    expect(figures.count).toBe(7)
    expect(figures.skipped).toEqual([expect.stringContaining('bad/test/blue_square/0.png')])

    const images = ['bad/test/blue_square/0.png', 'missing.png', 'bad/test/blue_square/1.png']
    const prediction = await run('predict', 'good', ...images, '--skip-bad-images', '--json')
    expect(prediction.code).toBe(0)
    expect(prediction.stderr).toContain('left out: bad/test/blue_square/0.png')
    expect(prediction.stderr).toContain('left out: missing.png')
    expect(JSON.parse(prediction.stdout).image).toBe('bad/test/blue_square/1.png')
  })

  it('is an error all the same where no image is left', async () => {
    const hopeless = copyOfPhotos('hopeless')
    for (const part of ['train', 'test']) {
      for (const file of ['0.png', '1.png']) writeFileSync(at(hopeless, part, 'red_square', file), '')
    }
    expectRefused(
      await run('train', hopeless, ...quick, '--out', 'none', '--skip-bad-images'),
      'hopeless/train/red_square',
    )
    expectRefused(
      await run('predict', 'good', 'hopeless/test/red_square/0.png', '--skip-bad-images'),
      'no image',
    )
  })
})
