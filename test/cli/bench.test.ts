import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { randomStream } from '../../src/core/random.js'
import { type Ended, expectRefused, promptsrc, startPromptsrc } from '../support/command.js'
import { photoFolder } from '../support/photo-folder.js'

/** Many processes a test; a busy machine needs its time. */
vi.setConfig({ testTimeout: 240_000 })

const folder = mkdtempSync(join(tmpdir(), 'promptsrc-bench-'))
const at = (...parts: string[]) => join(folder, ...parts)
const common = ['--model', 'tiny', '--shots', '3', '--batch-size', '1', '--threads', '1', '--json']
const bench = (...args: string[]) => promptsrc(folder, 'bench', ...args)
const sweep = [
  ...['base-to-novel', '--datasets', 'photos,pictures', '--methods', 'zero-shot,ivlp'],
  ...['--seeds', '1,2', '--epochs', '4', ...common],
]
/** Two data sets: three zero-shot measures each, and for two seeds a training and three measures. */
const UNITS = 22

interface Printed {
  readonly tables: { protocol: string; rows: { method: string; figures: unknown[] }[] }[]
  readonly observations: { method: string; dataset: string; accuracy: number }[]
  readonly failed: { path: string; message: string }[]
}
const printed = ({ code, stdout, stderr }: Ended): Printed => {
  expect(code, stderr).toBe(0)
  return JSON.parse(stdout)
}

/** Files below a folder by their path, as far as their name is the given one. */
function filesIn(out: string, name: string): string[] {
  return readdirSync(at(out), { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith(`/${name}`))
    .sort()
}

let whole: Printed

beforeAll(async () => {
  await photoFolder(at('photos'))
  await photoFolder(at('pictures'), 4)
  whole = printed(await bench(...sweep, '--out', 'whole'))
}, 240_000)

afterAll(() => rmSync(folder, { recursive: true, force: true }))

describe('a benchmark', () => {
  it('has a row a method with the figures of every data set and their average', () => {
    expect(whole.tables.map(({ protocol }) => protocol)).toEqual(['base-to-novel'])
    const { rows } = whole.tables[0]!
    expect(rows.map(({ method }) => method)).toEqual(['zero-shot', 'ivlp'])
    // base, novel and HM, each half alone and among all classes, of two data sets and their average
    for (const { figures } of rows) expect(figures).toHaveLength(18)
    expect(whole.observations).toHaveLength(2 * 4 + 2 * 2 * 4)
    expect(filesIn('whole', 'result.json')).toHaveLength(UNITS)
  })

  it('repeats nothing, and is listed as done', async () => {
    const written = () => filesIn('whole', 'result.json').map((path) => statSync(at('whole', path)).mtimeMs)
    const before = written()
    const again = await bench(...sweep, '--out', 'whole')
    expect(printed(again).tables).toEqual(whole.tables)
    expect(again.stderr).toContain(`${UNITS} of ${UNITS} runs were done before`)
    expect(written()).toEqual(before)
    const { stdout } = await bench(...sweep.slice(0, -1), '--out', 'whole', '--dry-run')
    expect(stdout).toContain(`${UNITS} runs, 0 to do`)
  })

  it('killed at five random moments ends with the same tables and prompts', async () => {
    const random = randomStream(1, 'kills')
    let killed = 0
    while (killed < 5) {
      const running = startPromptsrc(folder, ['bench', ...sweep, '--out', 'killed'])
      await delay(400 + 2200 * random.uniform())
      if (running.process.exitCode !== null) break
      running.process.kill('SIGKILL')
      await running.ended
      killed++
    }
    // A machine so fast that it is done before has shown nothing.
    expect(killed).toBeGreaterThan(1)
    const ended = printed(await bench(...sweep, '--out', 'killed'))
    expect(ended.tables).toEqual(whole.tables)
    const prompts = filesIn('whole', 'prompts.safetensors')
    expect(filesIn('killed', 'prompts.safetensors')).toEqual(prompts)
    for (const path of prompts) {
      expect(readFileSync(at('killed', path)).equals(readFileSync(at('whole', path))), path).toBe(true)
    }
  })

  it('lists what failed with the reason, does the rest, and tries it again', async () => {
    const image = at('pictures/test/red_square/0.png')
    const bytes = readFileSync(image)
    const few = [
      ...['few-shot', '--datasets', 'photos,pictures', '--methods', 'ivlp', '--seeds', '1'],
      ...['--epochs', '1', ...common, '--out', 'failing'],
    ]
    writeFileSync(image, Buffer.alloc(bytes.length))
    try {
      const { code, stdout, stderr } = await bench(...few)
      expect(code).toBe(2)
      expect(stderr).toContain('failed: ivlp pictures shots3-seed1: pictures-all')
      expect(stderr).toContain('error: 1 of 4 runs failed\n')
      const { observations, failed } = JSON.parse(stdout) as Printed
      expect(observations.map(({ dataset }) => dataset)).toEqual(['photos'])
      expect(failed).toHaveLength(1)
      expect(failed[0]!.message).toContain('red_square/0.png')
    } finally {
      writeFileSync(image, bytes)
    }
    const again = await bench(...few)
    expect(printed(again).observations).toHaveLength(2)
    expect(again.stderr).toContain('3 of 4 runs were done before')
  })

  it('trains once on a source and measures every target', async () => {
    const { tables, observations } = printed(
      await bench(
        ...['cross-dataset', '--source', 'photos', '--datasets', 'pictures', '--methods', 'ivlp'],
        ...['--seeds', '1', '--epochs', '1', ...common, '--out', 'across'],
      ),
    )
    expect(tables).toHaveLength(1)
    expect(observations.map(({ dataset }) => dataset)).toEqual(['photos', 'pictures'])
    expect(filesIn('across', 'prompts.safetensors')).toHaveLength(1)
  })
})

describe('what cannot be benchmarked is refused before anything is trained', () => {
  it.each([
    [['base-to-novel', '--datasets', 'nothing-here'], 'nothing-here: does not exist'],
    [['base-to-novel', '--datasets', 'photos', '--source', 'photos'], '--source photos: base-to-novel'],
    [['few-shot', '--datasets', 'photos', '--partition', 'cpu'], '--partition is for Slurm'],
  ])('%j', async (args, message) => {
    expectRefused(await bench(...args, '--model', 'tiny', '--out', 'refused'), message)
    expect(existsSync(at('refused'))).toBe(false)
  })

  it.each([
    [['base-to-novel', '--methods', 'promtsrc'], 'Did you mean promptsrc?'],
    [['base-to-novl'], 'base-to-novel'],
    [['few-shot', '--shots', '1,1'], '1 is named twice'],
  ])('%j', async (args, message) => {
    const { code, stderr } = await bench(...args)
    expect(code).toBe(2)
    expect(stderr).toContain(message)
  })

  it('another learning rate in a folder of runs', async () => {
    expectRefused(
      await bench(...sweep, '--lr', '0.5', '--out', 'whole'),
      'holds a run with learningRate 0.0025, not 0.5',
      '--out',
    )
  })
})
