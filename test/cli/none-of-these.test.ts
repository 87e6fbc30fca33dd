import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Ended, expectRefused, promptsrc } from '../support/command.js'
import { colourNames, photoFolder } from '../support/photo-folder.js'

let folder: string
let trained: Ended
const call = (...args: string[]) => promptsrc(folder, ...args)
const options = ['--model', 'tiny', '--epochs', '1', '--threads', '1', '--json']
const kept = (run: string) => readFileSync(join(folder, run, 'none-of-these.json'), 'utf8')
/** Shots, and those that the threshold is set on. */
const trainingImages = () =>
  colourNames.flatMap((name) => {
    const path = `photos/train/${name.replace(' ', '_')}`
    return readdirSync(join(folder, path)).map((file) => `${path}/${file}`)
  })
const predicted = async (...args: string[]) => {
  const { code, stdout, stderr } = await call('predict', ...args, '--threads', '1', '--json')
  expect(code, stderr).toBe(0)
  return stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line))
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'promptsrc-none-'))
  await photoFolder(join(folder, 'photos'))
  trained = await call('train', 'photos', '--shots', '2', '--out', 'run', ...options)
})
afterAll(() => rmSync(folder, { recursive: true }))

describe('train', () => {
  it('sets threshold and temperature on the training images that were no shots', () => {
    expect(trained.code, trained.stderr).toBe(0)
    const { noneOfThese } = JSON.parse(trained.stdout)
    expect(noneOfThese).toMatchObject({ images: 4, part: 'train', classes: 4, accept: 0.95 })
    const { scores, ...figures } = JSON.parse(kept('run'))
    expect(figures).toMatchObject(noneOfThese)
    expect(scores).toHaveLength(4)
    expect(noneOfThese.threshold).toBe(Math.min(...scores))
  })

  it('sets the same again where a finished run is resumed, as one from before thresholds is', async () => {
    const before = kept('run')
    rmSync(join(folder, 'run/none-of-these.json'))
    const again = await call('train', '--resume', '--out', 'run', '--threads', '1', '--json')
    expect(again.code, again.stderr).toBe(0)
    expect(kept('run')).toBe(before)
  })

  it('says that there is nothing to set it on where every training image is a shot, and keeps nothing', async () => {
    const { stdout } = await call('train', 'photos', '--shots', '3', '--out', 'all', ...options.slice(0, -1))
    expect(stdout).toContain(
      'no threshold for "none of these": there is no val part, and every training image',
    )
    expect(readdirSync(join(folder, 'all'))).not.toContain('none-of-these.json')
    const [prediction] = await predicted('all', 'photos/test/red_square/0.png')
    expect(Object.keys(prediction)).toEqual(['image', 'classes'])
    expect(Object.keys(prediction.classes[0])).toEqual(['className', 'probability'])
    expectRefused(
      await call('predict', 'all', 'photos/test/red_square/0.png', '--accept', '0.9'),
      'keeps no scores of held-out images',
      '--threshold',
    )
  })
})

describe('predict', () => {
  it('accepts the wanted share of the images that the threshold was set on', async () => {
    const images = trainingImages()
    const { scores, threshold } = JSON.parse(kept('run'))
    const all = await predicted('run', ...images)
    const own = all.filter(({ score }) => scores.includes(score))
    expect(own).toHaveLength(4)
    for (const { accepted, score, threshold: used } of all) {
      expect(used).toBe(threshold)
      expect(accepted).toBe(score >= threshold)
    }
    const half = (await predicted('run', ...images, '--accept', '0.5')).filter(({ score }) =>
      scores.includes(score),
    )
    expect(half.filter(({ accepted }) => accepted)).toHaveLength(2)
  })

  it('answers "none of these" below a threshold that is given, and never at 0', async () => {
    const image = 'photos/test/red_square/0.png'
    expect(await predicted('run', image, '--threshold', '1')).toMatchObject([{ accepted: false }])
    expect(await predicted('run', image, '--threshold', '0')).toMatchObject([{ accepted: true }])
    const { stdout } = await call('predict', 'run', image, '--threshold', '1')
    expect(stdout).toMatch(/^photos.*\n {2}none of these: score 0\.\d{6}, threshold 1\.000000\n +[\d.]+ % /)
    expect((await call('predict', 'run', image, '--threshold', '0')).stdout).not.toContain('none of these')
  })

  it('gives calibrated probabilities beside the others, of the same order', async () => {
    const { temperature } = JSON.parse(kept('run'))
    const [{ classes }] = await predicted('run', 'photos/test/red_square/0.png')
    const powers = classes.map(({ probability }: { probability: number }) => probability ** (1 / temperature))
    const total = powers.reduce((a: number, b: number) => a + b)
    for (const [i, { calibrated }] of classes.entries()) expect(calibrated).toBeCloseTo(powers[i] / total, 5)
  })

  it('scales the threshold to the number of classes where some are added', async () => {
    const { threshold } = JSON.parse(kept('run'))
    const [more] = await predicted('run', 'photos/test/red_square/0.png', '--add-class', 'pink circle')
    expect(more.threshold).toBeCloseTo((threshold * 4) / 5, 12)
  })

  it('goes without figures that were set for other prompts, and refuses damaged ones', async () => {
    cpSync(join(folder, 'run'), join(folder, 'other'), { recursive: true })
    const figures = JSON.parse(kept('run'))
    const file = join(folder, 'other/none-of-these.json')
    writeFileSync(file, JSON.stringify({ ...figures, prompts: 'of others' }))
    const image = 'photos/test/red_square/0.png'
    expect(Object.keys((await predicted('other', image))[0])).toEqual(['image', 'classes'])
    writeFileSync(file, '{"threshold": 1')
    expectRefused(await call('predict', 'other', image), 'none-of-these.json', 'is damaged', '--resume')
  })

  it.each(['95', '0', '-1', 'x', ''])('refuses --accept "%s"', async (share) => {
    expectRefused(
      await call('predict', 'run', 'photos/test/red_square/0.png', '--accept', share),
      'such as 0.95',
    )
  })
})

describe('eval --other', () => {
  const other = ['--other', 'photos', '--other-classes', 'novel']

  it('tells how well images of other classes are told apart, by the scores that a plain count gives', async () => {
    const { code, stdout, stderr } = await call(
      ...['eval', 'run', 'photos', '--classes', 'base', ...other, '--threads', '1', '--json'],
    )
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    const figures = JSON.parse(stdout)
    expect(figures).toMatchObject({ count: 6, other: { data: 'photos', classes: 'novel', count: 6 } })
    const { auroc, falsePositiveRateAt95, atThreshold, thresholdAt95, histogram } = figures.other
    // The run's threshold is of its four classes; two are chosen from here.
    expect(atThreshold.threshold).toBeCloseTo(JSON.parse(kept('run')).threshold * 2, 12)
    for (const share of [auroc, falsePositiveRateAt95, atThreshold.accepted, atThreshold.otherAccepted]) {
      expect(share).toBeGreaterThanOrEqual(0)
      expect(share).toBeLessThanOrEqual(100)
    }
    expect(thresholdAt95).toBeGreaterThanOrEqual(histogram[0].from)
    const total = (of: 'known' | 'other') =>
      histogram.reduce((sum: number, bin: Record<string, number>) => sum + bin[of]!, 0)
    expect([total('known'), total('other')]).toEqual([6, 6])
  })

  it('gives 50 and 95 % or more for the images of the classes themselves, and says that these are no others', async () => {
    const same = ['--other', 'photos', '--threads', '1', '--json']
    const { stdout, stderr } = await call('eval', 'run', 'photos', ...same)
    const { other: figures, calibration, expectedCalibrationError } = JSON.parse(stdout)
    expect(figures.auroc).toBeCloseTo(50, 10)
    expect(figures.falsePositiveRateAt95).toBe(100)
    expect(stderr).toContain('4 are no others, but among those to choose from: blue square')
    expect(calibration.before).toBe(expectedCalibrationError)
  })

  it('takes every image of a folder without parts of its own, and prints a histogram', async () => {
    cpSync(join(folder, 'photos/train/red_square'), join(folder, 'snaps/any'), { recursive: true })
    const { code, stdout } = await call('eval', 'run', 'photos', '--other', 'snaps')
    expect(code).toBe(0)
    expect(stdout).toMatch(
      /\nnone of these: 3 images of snaps\nAUROC +[\d.]+ %\nFPR95 +[\d.]+ %\nthreshold +0\.\d{6} acc/,
    )
    expect(stdout).toContain('#')
    expect(stdout).toMatch(/\nECE [\d.]+ %, at the run’s temperature of [\d.]+ [\d.]+ %\n/)
  })

  it('measures zero-shot CLIP as well, without a threshold', async () => {
    const { stdout } = await call('zero-shot', 'photos', '--classes', 'base', ...other, '--json')
    expect(JSON.parse(stdout).other).toMatchObject({ count: 6, atThreshold: null })
  })
})
