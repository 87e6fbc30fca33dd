import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Ended, promptsrc, promptsrcProcess, startPromptsrc } from '../support/command.js'
import { colourNames, photoFolder } from '../support/photo-folder.js'

const folder = mkdtempSync(join(tmpdir(), 'promptsrc-use-'))
const run = (...args: string[]) => promptsrc(folder, ...args)
const image = 'photos/test/red_square/0.png'
let trained: Ended

beforeAll(async () => {
  await photoFolder(join(folder, 'photos'))
  trained = await run(
    'train',
    'photos',
    '--model',
    'tiny',
    '--shots',
    '2',
    '--epochs',
    '2',
    '--threads',
    '1',
    '--out',
    'run',
    '--json',
  )
})

afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** Neither colours, cursor movements nor bars: what a log file should hold. */
function expectPlain(text: string): void {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
  expect(text).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f█░]/)
}

describe('train', () => {
  it('prints one JSON object with the test figures, and nothing else, on standard output', () => {
    expect(trained).toMatchObject({ code: 0 })
    const figures = JSON.parse(trained.stdout)
    expect(figures).toMatchObject({ run: 'run', classes: colourNames, report: join('run', 'report.html') })
    expect(figures.test.count).toBe(12)
    expect(figures.test.confusion.flat().reduce((a: number, b: number) => a + b)).toBe(12)
  })

  it('writes no progress bar into a pipe', () => {
    expectPlain(trained.stdout)
    expectPlain(trained.stderr)
  })

  it('logs every step and epoch', () => {
    const entries = readFileSync(join(folder, 'run/log.jsonl'), 'utf8')
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line))
    expect(entries.map(({ event, epoch }) => `${event} ${epoch}`)).toEqual([
      'step 1',
      'step 1',
      'epoch 1',
      'step 2',
      'step 2',
      'epoch 2',
    ])
  })

  it('says that the default model is none for photos', async () => {
    const options = ['--shots', '1', '--epochs', '1', '--threads', '1', '--out', 'by-default']
    const { code, stderr } = await run('train', 'photos', ...options)
    expect(code).toBe(0)
    expect(stderr).toMatch(/^note: model tiny knows drawn shapes alone; [^\n]*--model/m)
    expect(trained.stderr).not.toContain('drawn shapes')
  })
})

describe('eval', () => {
  it('gives accuracy, macro F1, accuracy by class, confusions and calibration', async () => {
    const { code, stdout, stderr } = await promptsrcProcess(folder, 'eval', 'run', 'photos', '--json')
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    const figures = JSON.parse(stdout)
    expect(figures.classNames).toEqual(colourNames)
    expect(figures.count).toBe(12)
    expect(figures.skipped).toEqual([])
    const rows: number[][] = figures.confusion
    expect(rows.map((row) => row.reduce((a, b) => a + b))).toEqual([3, 3, 3, 3])
    const hits = rows.map((row, i) => row[i]!)
    expect(figures.accuracy).toBeCloseTo((100 * hits.reduce((a, b) => a + b)) / 12, 6)
    for (const [i, share] of figures.perClassAccuracy.entries())
      expect(share).toBeCloseTo((100 * hits[i]!) / 3, 6)
    for (const value of [figures.macroF1, figures.expectedCalibrationError]) {
      expect(value).toBeGreaterThanOrEqual(0)
      expect(value).toBeLessThanOrEqual(100)
    }
    expect(JSON.parse(readFileSync(join(folder, 'run/eval-photos-all.json'), 'utf8'))).toEqual(figures)
  })

  it('chooses among base or novel classes alone', async () => {
    const base = JSON.parse((await run('eval', 'run', 'photos', '--classes', 'base', '--json')).stdout)
    const novel = JSON.parse((await run('eval', 'run', 'photos', '--classes', 'novel', '--json')).stdout)
    expect(base).toMatchObject({ classes: 'base', classNames: colourNames.slice(0, 2), count: 6 })
    expect(novel).toMatchObject({ classes: 'novel', classNames: colourNames.slice(2), count: 6 })
  })

  it('prints a table for people', async () => {
    const { stdout } = await run('eval', 'run', 'photos')
    expectPlain(stdout)
    expect(stdout).toMatch(
      /^images +12\naccuracy +[\d.]+ %\nmacro F1 +[\d.]+ %\nECE +[\d.]+ %\n\nclass +images +accuracy %\n/,
    )
    for (const name of colourNames) expect(stdout).toMatch(new RegExp(`^${name} +3 +[\\d.]+$`, 'm'))
  })

  it('takes a prompts file by itself', async () => {
    const { code, stdout } = await run('eval', 'run/prompts.safetensors', 'photos', '--json')
    expect(code).toBe(0)
    expect(JSON.parse(stdout).count).toBe(12)
  })
})

describe('predict', () => {
  it('prints the likeliest classes of every image, probabilities falling, and nothing else', async () => {
    const images = [image, 'photos/test/blue_square/1.png']
    const { code, stdout, stderr } = await run('predict', 'run', ...images, '--top', '2', '--json')
    expect(code).toBe(0)
    expect(stderr).toMatch(/^2 images \([\d.]+ a second\): [^\n]+\n$/)
    const lines = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line))
    expect(lines.map((line) => line.image)).toEqual(images)
    for (const { classes } of lines) {
      expect(classes).toHaveLength(2)
      expect(classes[0].probability).toBeGreaterThanOrEqual(classes[1].probability)
      for (const { className } of classes) expect(colourNames).toContain(className)
    }
  })

  it('lets a class that was never trained take part', async () => {
    const { stdout } = await run('predict', 'run', image, '--add-class', 'pink_cross', '--top', '9', '--json')
    const { classes } = JSON.parse(stdout)
    expect(classes.map(({ className }: { className: string }) => className).sort()).toEqual(
      [...colourNames, 'pink cross'].sort(),
    )
    const sum = classes.reduce((a: number, { probability }: { probability: number }) => a + probability, 0)
    expect(sum).toBeCloseTo(1, 6)
  })

  it.each([
    ['as it was trained', ['red square']],
    ['in other letters and spacing', ['Red_Square']],
    ['by two options', ['pink cross', 'pink  cross']],
  ])('refuses a class named twice: %s', async (_, names) => {
    const { code, stdout, stderr } = await run(
      'predict',
      'run',
      image,
      ...names.flatMap((name) => ['--add-class', name]),
    )
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    expect(stderr).toMatch(/^error: class "(red square|Red Square|pink cross)" is named twice\n/)
  })

  it('refuses an empty class name', async () => {
    const { code, stderr } = await run('predict', 'run', image, '--add-class', ' _ ')
    expect(code).toBe(2)
    expect(stderr).toContain('--add-class')
  })

  it('ends quietly when the reader of its output goes away', async () => {
    const running = startPromptsrc(folder, ['predict', 'run', image])
    running.process.stdout!.destroy()
    const { stderr } = await running.ended
    expect(stderr).toBe('')
  })
})

describe('info', () => {
  it('describes a run', async () => {
    const { code, stdout } = await promptsrcProcess(folder, 'info', 'run', '--json')
    expect(code).toBe(0)
    expect(JSON.parse(stdout)).toMatchObject({
      kind: 'run',
      method: 'PromptSRC',
      model: 'tiny',
      classes: colourNames,
    })
  })

  it('describes a model', async () => {
    const { code, stdout } = await run('info', 'tiny', '--json')
    expect(code).toBe(0)
    expect(JSON.parse(stdout)).toMatchObject({ kind: 'model', name: 'tiny', imageTower: { kind: 'ViT' } })
  })
})

describe('the program', () => {
  it('tells its version', async () => {
    const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'))
    expect(await promptsrcProcess(folder, '--version')).toMatchObject({
      code: 0,
      stdout: `${version}\n`,
      stderr: '',
    })
  })

  it('lists its commands in its help', async () => {
    const { code, stdout } = await promptsrcProcess(folder, '--help')
    expect(code).toBe(0)
    for (const name of ['demo', 'train', 'eval', 'predict', 'info']) expect(stdout).toContain(`  ${name} `)
  })
})
