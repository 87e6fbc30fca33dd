import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { expectRefused, promptsrc, promptsrcProcess } from '../support/command.js'
import { colourNames, photoFolder } from '../support/photo-folder.js'

const folder = mkdtempSync(join(tmpdir(), 'promptsrc-linear-probe-'))
const at = (...parts: string[]) => join(folder, ...parts)
const probe = (data: string, ...args: string[]) =>
  promptsrc(folder, 'linear-probe', data, '--threads', '1', ...args)
const figures = async (data: string, ...args: string[]) => {
  const { code, stdout, stderr } = await probe(data, ...args, '--json')
  expect(code, stderr).toBe(0)
  return JSON.parse(stdout)
}

beforeAll(async () => {
  await photoFolder(at('photos'), 5)
  await photoFolder(at('validated'), 5)
  cpSync(at('photos/test'), at('validated/val'), { recursive: true })
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

describe('promptsrc linear-probe', () => {
  it('learns colours from four pictures of each, choosing C on a quarter of them', async () => {
    const { code, stdout, stderr } = await promptsrcProcess(
      folder,
      ...['linear-probe', 'photos', '--threads', '1', '--shots', '4'],
    )
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(stdout).toMatch(
      /^shots {7}4, seed 1\nC {11}[\d.e+-]+, chosen by a quarter of the training images$/m,
    )
    expect(Number(/^accuracy +([\d.]+) %$/m.exec(stdout)![1])).toBeGreaterThan(80)
    for (const name of colourNames) expect(stdout).toMatch(new RegExp(`^${name} +5 +[\\d.]+$`, 'm'))
  })

  it('gives the same JSON for the same seed', async () => {
    const first = await figures('photos', '--shots', '2', '--seed', '3')
    expect(first).toMatchObject({ shots: 2, seed: 3, validation: 'held out', count: 20, model: 'tiny' })
    expect(first.trials).toHaveLength(15)
    expect(await figures('photos', '--shots', '2', '--seed', '3')).toEqual(first)
  })

  it('chooses C on validation images where there are some', async () => {
    const { validation, trials, strength } = await figures('validated', '--shots', '2')
    expect(validation).toBe('given')
    expect(trials.map((trial: { strength: number }) => trial.strength)).toContain(strength)
  })

  it('learns novel classes from pictures of novel classes', async () => {
    const { classNames, count, accuracy } = await figures('photos', '--shots', '5', '--classes', 'novel')
    expect(classNames).toEqual(colourNames.slice(2))
    expect(count).toBe(10)
    expect(accuracy).toBeGreaterThan(80)
  })

  it('says what a single picture a class leaves undecided, and which classes fall short', async () => {
    const { code, stdout } = await probe('photos', '--shots', '1')
    expect(code).toBe(0)
    expect(stdout).toContain('C           0.316, chosen by nothing: one image a class')
    const { stderr } = await probe('photos', '--shots', '8')
    expect(stderr).toContain('warning: class "blue square" has 5 training images, fewer than 8 shots')
  })

  it('refuses classes without pictures to learn from', async () => {
    await photoFolder(at('missing'), 2)
    rmSync(at('missing/train/green_square'), { recursive: true })
    const missing = await probe('missing')
    expectRefused(missing, 'missing: class "green square" has no training image')
    cpSync(at('photos/train'), at('damaged/train'), { recursive: true })
    cpSync(at('photos/test'), at('damaged/test'), { recursive: true })
    for (let i = 0; i < 5; i++) writeFileSync(at(`damaged/train/red_square/${i}.png`), 'no picture')
    expectRefused(await probe('damaged', '--shots', '5'), 'damaged/train/red_square', '--skip-bad-images')
    const skipped = await probe('damaged', '--shots', '5', '--skip-bad-images')
    expectRefused(skipped, 'class "red square" has no training image that can be read')
    expectRefused(await probe('photos', '--shots', '0'), 'Expected a whole number')
  })
})

describe('as a row of a comparison', () => {
  it('has base accuracy alone, for every seed', async () => {
    const { code, stdout, stderr } = await promptsrc(
      folder,
      ...['compare', 'photos', '--methods', 'zero-shot,linear-probe', '--shots', '4'],
      ...['--seeds', '1,2', '--threads', '1', '--out', 'compared', '--json'],
    )
    expect(code, stderr).toBe(0)
    const [zeroShot, row] = JSON.parse(stdout).rows
    expect(zeroShot.novel).not.toBeNull()
    expect(row).toMatchObject({ title: 'linear probe', novel: null, hm: null, stepSeconds: null })
    expect(row.parameters).toBe(2 * (128 + 1))
    expect(row.runs.map(({ seed }: { seed: number }) => seed)).toEqual([1, 2])
    const alone = await figures('photos', '--shots', '4', '--seed', '2', '--classes', 'base')
    expect(row.runs[1].base).toBe(alone.accuracy)
  })
})
