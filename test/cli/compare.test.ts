import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import * as z from 'zod'
import { expectRefused, promptsrc, promptsrcProcess, startPromptsrc } from '../support/command.js'
import { photoFolder } from '../support/photo-folder.js'

/** Several processes a test; a busy machine needs its time. */
vi.setConfig({ testTimeout: 180_000 })

const folder = mkdtempSync(join(tmpdir(), 'promptsrc-compare-'))
const at = (...parts: string[]) => join(folder, ...parts)
const common = ['photos', '--shots', '3', '--batch-size', '1', '--threads', '1', '--seeds', '1,2']
const epochs = 4
const whole = [...common, '--methods', 'zero-shot,ivlp', '--epochs', `${epochs}`]
const compare = (...args: string[]) => promptsrc(folder, 'compare', ...args)

const summary = z.strictObject({
  mean: z.number().min(0).max(100),
  std: z.number().min(0).nullable(),
  interval: z.tuple([z.number(), z.number()]).nullable(),
})
const figures = z.strictObject({
  data: z.strictObject({ name: z.string(), path: z.string(), classNames: z.array(z.string()) }),
  model: z.strictObject({ name: z.string(), sha256: z.string().length(64) }),
  seeds: z.array(z.int()),
  out: z.string(),
  rows: z.array(
    z.strictObject({
      label: z.string(),
      title: z.string(),
      method: z.string(),
      settings: z.record(z.string(), z.unknown()),
      base: summary,
      novel: summary.nullable(),
      hm: summary.nullable(),
      parameters: z.int().min(0),
      stepSeconds: z.number().positive().nullable(),
      peakMemoryMB: z.number().min(20).max(4000),
      runs: z.array(
        z.strictObject({
          seed: z.int().nullable(),
          draw: z.int().optional(),
          folder: z.string(),
          base: z.number(),
          novel: z.number().nullable(),
          hm: z.number().nullable(),
          stepSeconds: z.number().positive().nullable(),
          peakMemoryMB: z.number().positive(),
        }),
      ),
    }),
  ),
  over: z.enum(['seeds', 'draws']),
  differences: z.array(
    z.strictObject({
      label: z.string(),
      minus: z.string(),
      pairs: z.int().min(2),
      base: summary,
      novel: summary.nullable(),
      hm: summary.nullable(),
    }),
  ),
  failed: z.array(
    z.strictObject({
      label: z.string(),
      seed: z.int().nullable(),
      folder: z.string(),
      message: z.string(),
      hint: z.string().nullable(),
    }),
  ),
})
const figuresOf = (text: string) => figures.parse(JSON.parse(text))
const figuresIn = (out: string) => figuresOf(readFileSync(at(out, 'comparison.json'), 'utf8'))

/** Rows without what depends on the moment and the place. */
const accuraciesOf = (out: string) =>
  figuresIn(out).rows.map(({ label, base, novel, hm, parameters }) => ({
    label,
    base,
    novel,
    hm,
    parameters,
  }))

/** Folder of the run whose name begins so; undefined before it is there. */
function findRun(out: string, start: string): string | undefined {
  const names = existsSync(at(out, 'runs')) ? readdirSync(at(out, 'runs')) : []
  const name = names.find((name) => name.startsWith(start))
  return name && at(out, 'runs', name)
}

const runOf = (out: string, start: string): string => {
  const run = findRun(out, start)
  if (!run) throw new Error(`no run ${start} in ${out}`)
  return run
}

let first: Awaited<ReturnType<typeof compare>>

beforeAll(async () => {
  await photoFolder(at('photos'))
  first = await compare(...whole, '--out', 'whole', '--json')
})

afterAll(() => rmSync(folder, { recursive: true, force: true }))

describe('a comparison', () => {
  it('prints its figures as JSON of the documented shape', () => {
    expect(first).toMatchObject({ code: 0 })
    const { rows, seeds, failed, data } = figuresOf(first.stdout)
    expect(rows.map(({ label }) => label)).toEqual(['zero-shot', 'ivlp'])
    expect({ seeds, failed, classes: data.classNames.length }).toEqual({
      seeds: [1, 2],
      failed: [],
      classes: 4,
    })
    const [zeroShot, ivlp] = rows
    expect(zeroShot).toMatchObject({ parameters: 0, stepSeconds: null, base: { std: null, interval: null } })
    expect(zeroShot!.runs.map(({ seed }) => seed)).toEqual([null])
    expect(ivlp!.parameters).toBeGreaterThan(1000)
    expect(ivlp!.stepSeconds).toBeLessThan(10)
    expect(ivlp!.settings).toMatchObject({ epochs, shots: 3, batchSize: 1, classes: 'base' })
    const { base, novel, hm, runs } = ivlp!
    expect(runs.map(({ seed }) => seed)).toEqual([1, 2])
    expect(base.mean).toBeCloseTo((runs[0]!.base + runs[1]!.base) / 2, 10)
    expect(hm!.mean).toBeCloseTo((2 * base.mean * novel!.mean) / (base.mean + novel!.mean), 10)
    expect(hm!.std).toBeCloseTo(Math.abs(runs[0]!.hm! - runs[1]!.hm!) / Math.SQRT2, 10)
  })

  it('repeats no finished run, and prints the same figures as a table and as Markdown', async () => {
    const written = () => statSync(join(runOf('whole', 'ivlp-seed1'), 'result.json')).mtimeMs
    const before = written()
    const table = await compare(...whole, '--out', 'whole')
    expect(table).toMatchObject({ code: 0 })
    expect(table.stderr).toContain('3 of 3 runs were done before')
    expect(table.stdout).toMatch(/^method +base +novel +HM +values +s\/step +MB$/m)
    expect(table.stdout).toMatch(/^95 % +base +novel +HM$/m)
    const { stdout } = await compare(...whole, '--out', 'whole', '--markdown')
    const { rows } = figuresIn('whole')
    expect(stdout).toContain(`| IVLP | ${rows[1]!.base.mean.toFixed(1)} ± ${rows[1]!.base.std!.toFixed(1)} |`)
    expect(readFileSync(at('whole/comparison.md'), 'utf8')).toBe(stdout)
    expect(readFileSync(at('whole/report.html'), 'utf8')).toContain('Base and novel together')
    expect(written()).toBe(before)
  })

  it('killed in the middle goes on to the same figures and prompts, and leaves no process behind', async () => {
    const running = startPromptsrc(folder, ['compare', ...whole, '--out', 'killed'])
    const lock = () => {
      const run = findRun('killed', 'ivlp-seed1')
      return run && existsSync(join(run, 'checkpoints')) && readdirSync(join(run, 'checkpoints')).length > 0
        ? join(run, 'lock')
        : undefined
    }
    while (!lock()) {
      if (running.process.exitCode !== null) throw new Error(`ended too early: ${running.stderr()}`)
      await delay(3)
    }
    const worker = JSON.parse(readFileSync(lock()!, 'utf8')).pid
    expect(worker).not.toBe(running.process.pid)
    running.process.kill('SIGKILL')
    expect(await running.ended).toMatchObject({ signal: 'SIGKILL' })
    await vi.waitFor(() => expect(() => process.kill(worker, 0)).toThrow(), { timeout: 10_000 })
    expect(existsSync(join(runOf('killed', 'ivlp-seed1'), 'result.json'))).toBe(false)

    const { code, stderr } = await compare(...whole, '--out', 'killed')
    expect(code).toBe(0)
    expect(stderr).toContain('1 of 3 runs were done before')
    expect(accuraciesOf('killed')).toEqual(accuraciesOf('whole'))
    for (const name of ['ivlp-seed1', 'ivlp-seed2']) {
      const prompts = (out: string) => readFileSync(join(runOf(out, name), 'prompts.safetensors'))
      expect(prompts('killed').equals(prompts('whole'))).toBe(true)
    }
  })

  it.each([0, 300, 1500])(
    'stops on Ctrl-C with code 130 and says how to go on, %i ms after it began',
    async (ms) => {
      rmSync(at('interrupted'), { recursive: true, force: true })
      const running = startPromptsrc(folder, ['compare', ...whole, '--out', 'interrupted'])
      while (!existsSync(at('interrupted/runs'))) await delay(3)
      await delay(ms)
      running.process.kill('SIGINT')
      const { code, stderr } = await running.ended
      expect(code).toBe(130)
      expect(stderr).toContain('Interrupted. The same call goes on; finished runs are not repeated.')
      expect(existsSync(at('interrupted/comparison.json'))).toBe(false)
    },
  )

  it('trains again where an image is another, or a setting', async () => {
    const few = [
      'photos',
      '--methods',
      'ivlp',
      '--seeds',
      '1',
      '--shots',
      '1',
      '--threads',
      '1',
      '--out',
      'changed',
    ]
    expect(await compare(...few, '--epochs', '1')).toMatchObject({ code: 0 })
    expect(await compare(...few, '--epochs', '2')).toMatchObject({ code: 0 })
    expect(readdirSync(at('changed/runs'))).toHaveLength(2)
    renameSync(at('photos/train/red_square/2.png'), at('photos/train/red_square/3.png'))
    try {
      expect(await compare(...few, '--epochs', '2')).toMatchObject({ code: 0 })
    } finally {
      renameSync(at('photos/train/red_square/3.png'), at('photos/train/red_square/2.png'))
    }
    expect(readdirSync(at('changed/runs'))).toHaveLength(3)
  })
})

describe('a run of a comparison that fails', () => {
  it('is listed with its message, fails the call, and is tried again by the next', async () => {
    const image = at('photos/train/blue_square/0.png')
    const bytes = readFileSync(image)
    const broken = [...common, '--methods', 'zero-shot,ivlp', '--epochs', '1', '--out', 'broken']
    writeFileSync(image, Buffer.alloc(bytes.length))
    try {
      const { code, stdout, stderr } = await compare(...broken, '--json')
      expect(code).toBe(2)
      expect(stderr).toContain('error: 2 of 3 runs failed\n')
      const { rows, failed } = figuresOf(stdout)
      expect(rows.map(({ label }) => label)).toEqual(['zero-shot'])
      expect(failed.map(({ label, seed }) => [label, seed])).toEqual([
        ['ivlp', 1],
        ['ivlp', 2],
      ])
      for (const { message, hint } of failed) {
        expect(message).toContain('photos/train/blue_square/0.png')
        expect(hint).toContain('--skip-bad-images')
        expect(stderr).toContain(message)
      }
    } finally {
      writeFileSync(image, bytes)
    }
    const again = await compare(...broken)
    expect(again).toMatchObject({ code: 0 })
    expect(again.stderr).toContain('1 of 3 runs were done before')
    expect(figuresIn('broken').failed).toEqual([])
  })

  it('can be done by hand in its folder', async () => {
    const run = runOf('whole', 'ivlp-seed2')
    const kept = readFileSync(join(run, 'result.json'), 'utf8')
    rmSync(join(run, 'result.json'))
    expect(await promptsrcProcess(folder, 'unit', run, '--threads', '1')).toMatchObject({ code: 0 })
    const { measures } = JSON.parse(readFileSync(join(run, 'result.json'), 'utf8'))
    expect(measures).toEqual(JSON.parse(kept).measures)
    expect((await promptsrcProcess(folder, 'unit', run)).stdout).toContain('is finished')
    expectRefused(await promptsrcProcess(folder, 'unit', 'photos'), 'photos holds no unit.json')
  })
})

describe('what cannot be compared is refused before any training', () => {
  it.each([
    [['--methods', 'zero-shot,promtsrc'], 'Did you mean promptsrc?'],
    [['--methods', 'ivlp,ivlp'], 'ivlp is named twice.'],
    [['--seeds', '1,1'], '1 is named twice.'],
    [['--seeds', '1,x'], 'Expected a whole number'],
    [['--json', '--markdown'], 'cannot be used with'],
  ])('%j', async (args, message) => {
    const { code, stdout, stderr } = await compare('photos', ...args, '--out', 'refused')
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    expect(stderr).toContain(message)
    expect(existsSync(at('refused'))).toBe(false)
  })

  it('a data set with one class', async () => {
    await photoFolder(at('single/photos'), 1)
    for (const part of ['train', 'test']) {
      for (const name of ['blue_square', 'green_square', 'red_square']) {
        rmSync(at('single/photos', part, name), { recursive: true })
      }
    }
    expectRefused(await compare('single/photos', '--out', 'refused'), 'no novel classes')
    expect(existsSync(at('refused'))).toBe(false)
  })
})
