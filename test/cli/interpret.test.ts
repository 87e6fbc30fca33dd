import { mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseHTML } from 'linkedom'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { promptsrc, promptsrcProcess } from '../support/command.js'
import { colourNames, photoFolder } from '../support/photo-folder.js'
import { trainedRun } from '../support/trained-run.js'

const folder = mkdtempSync(join(tmpdir(), 'promptsrc-interpret-'))
const run = (...args: string[]) => promptsrc(folder, ...args)
const train = (...args: string[]) =>
  run('train', 'photos', '--model', 'tiny', '--shots', '2', '--epochs', '1', '--threads', '1', ...args)
const page = (path: string) =>
  parseHTML(readFileSync(join(folder, path), 'utf8')).document as unknown as Document

beforeAll(async () => {
  await photoFolder(join(folder, 'photos'))
  await trainedRun(folder)
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

describe('interpret', () => {
  it('prints the words near every vector and what is seen in test images, and writes a report', async () => {
    const { code, stdout, stderr } = await promptsrcProcess(folder, 'interpret', 'run', '--top', '2')
    // The run says where pictures are: whoever passes the report on is told whose they are.
    expect(stderr).toMatch(/^note: \d pictures of .*photos are shown in the report, as the run names it\n$/)
    expect(code).toBe(0)
    expect(stdout).toMatch(/^vector +began as +moved +nearest +2 +average$/m)
    for (const [i, word] of ['a', 'photo', 'of', 'a'].entries()) {
      expect(stdout).toMatch(
        new RegExp(`^${i + 1} +${word} +[\\d.]+ +${word} [\\d.]+ +\\S+ [\\d.]+ +[\\d.]+$`, 'm'),
      )
    }
    expect(stdout).toMatch(/^red_square\/\d\.png +red square +[a-z ]+ [\d.]+ % +[a-z ]+ [\d.]+ % +[\d.]+ %$/m)
    expect(stdout).toContain(`report  ${join('run', 'interpretation.html')}`)
    const report = page('run/interpretation.html')
    expect(report.querySelectorAll('.words tbody tr')).toHaveLength(4)
    expect(report.querySelectorAll('.look img')).toHaveLength(3 * 6)
  })

  it('prints one JSON object with words, predictions and shares that sum to 1', async () => {
    const { code, stdout, stderr } = await run('interpret', 'run', '--count', '2', '--json')
    // The run says where pictures are: whoever passes the report on is told whose they are.
    expect(stderr).toMatch(/^note: \d pictures of .*photos are shown in the report, as the run names it\n$/)
    expect(code).toBe(0)
    const figures = JSON.parse(stdout)
    expect(figures).toMatchObject({ run: 'run', method: 'promptsrc', model: 'tiny', noImages: null })
    const [{ vectors }] = figures.context
    expect(vectors).toHaveLength(4)
    expect(vectors[1].start).toMatchObject({ word: { text: 'photo', wordEnd: true } })
    expect(vectors[1].start.distance).toBeCloseTo(vectors[1].nearest[0].distance, 9)
    for (const { nearest } of vectors) {
      const distances = nearest.map(({ distance }: { distance: number }) => distance)
      expect(distances).toHaveLength(5)
      expect(distances).toEqual([...distances].sort((a, b) => a - b))
    }
    expect(figures.images).toHaveLength(2)
    for (const { truth, grid, before, after } of figures.images) {
      expect(colourNames).toContain(truth)
      expect(colourNames).toContain(after.className)
      for (const { shares } of [before, after]) {
        expect(shares.patches).toHaveLength(grid ** 2)
        const all: number[] = [shares.prompts, shares.classToken, ...shares.patches]
        expect(all.reduce((a, b) => a + b)).toBeCloseTo(1, 5)
      }
      expect(before.shares.prompts).toBe(0)
      expect(after.shares.prompts).toBeGreaterThan(0)
    }
  })

  it('looks at the images named, and writes where it is told', async () => {
    const image = join('photos', 'test', 'blue_square', '1.png')
    const { code, stdout } = await run(
      'interpret',
      'run',
      '--images',
      image,
      '--report',
      'look.html',
      '--json',
    )
    expect(code).toBe(0)
    const { images, report } = JSON.parse(stdout)
    expect(images).toMatchObject([{ image, truth: null }])
    expect(report).toBe('look.html')
    expect(page('look.html').querySelector('.looks')!.textContent).toContain(image)
  })

  it('refuses an image that is none, and leaves it out on request', async () => {
    writeFileSync(join(folder, 'broken.jpg'), 'no image')
    const image = join('photos', 'test', 'red_square', '0.png')
    const refused = await run('interpret', 'run', '--report', 'x.html', '--images', 'broken.jpg', image)
    expect(refused).toMatchObject({ code: 2, stdout: '' })
    expect(refused.stderr).toMatch(/^error: broken\.jpg: .*\n(.*\n)*.*--skip-bad-images/)
    const taken = await run(
      ...['interpret', 'run', '--report', 'x.html', '--skip-bad-images', '--json'],
      ...['--images', 'broken.jpg', image],
    )
    expect(taken).toMatchObject({ code: 0 })
    expect(taken.stderr).toMatch(/^left out: broken\.jpg: /)
    expect(JSON.parse(taken.stdout).images).toMatchObject([{ image }])
  })

  it('shows words without pictures where the data is gone, and says so', async () => {
    renameSync(join(folder, 'photos'), join(folder, 'elsewhere'))
    try {
      const { code, stdout } = await run('interpret', 'run', '--report', 'words.html')
      expect(code).toBe(0)
      expect(stdout).toMatch(/^2 +photo /m)
      expect(stdout).toMatch(/^no pictures: .*photos.*--images$/m)
      expect(page('words.html').querySelector('#attention p')!.textContent).toMatch(/^No pictures: .*photos/)
    } finally {
      renameSync(join(folder, 'elsewhere'), join(folder, 'photos'))
    }
  })

  it('says why a run without visual prompts has no pictures', async () => {
    const options = ['--method', 'ivlp', '--set', 'visionDepth=0', '--out', 'text-only']
    expect(await train(...options)).toMatchObject({ code: 0 })
    const { code, stdout } = await run('interpret', 'text-only')
    expect(code).toBe(0)
    expect(stdout).toMatch(/^2 +photo /m)
    expect(stdout).toMatch(/^no pictures: this .*IVLP.* run has no visual prompts/m)
  })

  it.each([
    ['a run that is not there', ['nowhere'], /no run at nowhere/],
    ['a number of words that is none', ['run', '--top', '0'], /--top/],
    [
      'a report in a folder that is none',
      ['run', '--report', 'photos/test/red_square/0.png/x.html'],
      /0\.png/,
    ],
  ])('refuses %s', async (_, args, message) => {
    const { code, stdout, stderr } = await run('interpret', ...args)
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    expect(stderr).toMatch(message)
  })
})
