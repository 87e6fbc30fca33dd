import { mkdtempSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { logText, type UnitSample, writeLog, writeUnitFolder } from '../../../test/support/results-tree.js'
import { UserError } from '../../core/errors.js'
import { readResults } from './read-results.js'

let root: string
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'promptsrc-results-'))
})
afterEach(() => rmSync(root, { recursive: true, force: true }))

const unit: UnitSample = {
  protocol: 'base-to-novel',
  method: 'promptsrc',
  dataset: 'EuroSAT',
  source: 'EuroSAT',
  classes: 'base',
  shots: 16,
  seed: 1,
  accuracy: 92.5,
}
const cfg = 'vit_b16_c2_ep20_batch4_4+4ctx'
const log = { trainer: 'PromptSRC', dataset: 'EuroSAT', correct: 900, total: 1000 } as const
const base2new = (part: string) => `base2new/${part}/eurosat/shots_16/PromptSRC/${cfg}`
const shown = async (...folders: string[]) =>
  (await readResults(folders.length > 0 ? folders : [root])).observations.map(
    ({ protocol, method, dataset, source, classes, shots, seed, accuracy }) =>
      [protocol, method, source, dataset, classes, shots, seed, accuracy].join(' '),
  )

describe('units', () => {
  it('are read with what they measured', async () => {
    const folder = writeUnitFolder(root, unit)
    const { observations } = await readResults([root])
    expect(observations).toEqual([{ ...unit, macroF1: 92.5, from: folder }])
  })

  it('that are unfinished, failed or damaged are named, and the others read', async () => {
    writeUnitFolder(root, unit)
    const unfinished = writeUnitFolder(root, { ...unit, seed: 2, finished: false })
    const failed = writeUnitFolder(root, { ...unit, seed: 3, finished: false })
    writeFileSync(join(failed, 'failure.json'), '{"message": "no space is left"}')
    const cut = writeUnitFolder(root, { ...unit, seed: 4 })
    truncateSync(join(cut, 'result.json'), 20)
    const broken = writeUnitFolder(root, { ...unit, seed: 5 })
    writeFileSync(join(broken, 'unit.json'), '{"format": 2, "__proto__": {}}')
    const results = await readResults([root])
    expect(results.observations.map(({ seed }) => seed)).toEqual([1])
    expect(results.unfinished).toEqual([unfinished])
    expect(results.failed).toEqual([{ path: failed, message: 'no space is left' }])
    expect(results.damaged.map(({ path }) => path)).toEqual([cut, broken])
    for (const { path, message } of results.damaged) expect(message).toContain(path)
  })

  it('of two models get rows of their own', async () => {
    writeUnitFolder(join(root, 'a'), unit)
    writeUnitFolder(join(root, 'b'), { ...unit, model: 'ViT-B/16', accuracy: 95 })
    writeUnitFolder(join(root, 'b'), { ...unit, method: 'coop', model: 'ViT-B/16' })
    expect((await readResults([root])).observations.map(({ method }) => method)).toEqual([
      'promptsrc (tiny)',
      'coop',
      'promptsrc (ViT-B/16)',
    ])
  })

  it('that are found twice are counted once', async () => {
    writeUnitFolder(join(root, 'a'), unit)
    writeUnitFolder(join(root, 'b'), { ...unit, accuracy: 10 })
    symlinkSync(root, join(root, 'a', 'again'))
    const { observations, repeats } = await readResults([root, join(root, 'a'), root])
    expect(observations.map(({ accuracy }) => accuracy)).toEqual([92.5])
    expect(repeats.map(({ counted, left }) => [counted.accuracy, left.accuracy])).toEqual([[92.5, 10]])
  })
})

describe('logs of the reference', () => {
  it('of base and novel classes', async () => {
    writeLog(root, base2new('train_base'), { ...log, classes: 'base' })
    writeLog(root, base2new('test_new'), {
      ...log,
      classes: 'new',
      correct: 700,
      modelDir: `output/${base2new('train_base')}/seed1`,
    })
    expect(await shown()).toEqual([
      'base-to-novel promptsrc (Python) EuroSAT EuroSAT novel 16 1 70',
      'base-to-novel promptsrc (Python) EuroSAT EuroSAT base 16 1 90',
    ])
  })

  it('of the same classes after training and again are the same run', async () => {
    writeLog(root, base2new('train_base'), { ...log, classes: 'base' })
    writeLog(root, base2new('test_base'), {
      ...log,
      classes: 'base',
      modelDir: `output/${base2new('train_base')}/seed1`,
    })
    const { observations, repeats } = await readResults([root])
    expect([observations.length, repeats.length]).toEqual([1, 1])
  })

  it('of other data sets belong to the source of their prompts', async () => {
    const source = `imagenet/PromptSRC/${cfg}_16shots`
    const target = (name: string) => `evaluation/PromptSRC/${cfg}_16shots/${name}`
    // Evaluation scripts do not say the number of shots.
    const evaluated = { ...log, shots: -1, modelDir: `output/${source}/seed1` }
    writeLog(root, source, { ...log, dataset: 'ImageNet' })
    writeLog(root, target('eurosat'), { ...evaluated, correct: 450 })
    writeLog(root, target('imagenet_a'), { ...evaluated, dataset: 'ImageNetA', correct: 500 })
    expect(await shown()).toEqual([
      'cross-dataset promptsrc (Python) ImageNet EuroSAT all 16 1 45',
      'domain-generalization promptsrc (Python) ImageNet ImageNetA all 16 1 50',
      'cross-dataset promptsrc (Python) ImageNet ImageNet all 16 1 90',
      'domain-generalization promptsrc (Python) ImageNet ImageNet all 16 1 90',
    ])
  })

  it('of all classes of one data set are few-shot runs, with each number of shots', async () => {
    for (const shots of [1, 4]) {
      writeLog(root, `eurosat/PromptSRC/vit_b16_c2_ep50_batch4_4+4ctx_few_shot_${shots}shots`, {
        ...log,
        shots,
        seed: 3,
      })
    }
    expect(await shown()).toEqual([
      'few-shot promptsrc (Python) EuroSAT EuroSAT all 1 3 90',
      'few-shot promptsrc (Python) EuroSAT EuroSAT all 4 3 90',
    ])
  })

  it('without a configuration are told by where they lie', async () => {
    const folder = writeLog(root, base2new('test_new').replace('PromptSRC', 'CoCoOp'), { ...log, seed: 3 })
    const result = logText(log)
    writeFileSync(join(folder, 'log.txt'), result.slice(result.indexOf('Loading')).replace('PromptSRC', ''))
    expect(await shown()).toEqual(['base-to-novel cocoop (Python) EuroSAT EuroSAT novel 16 3 90'])
  })

  it('that say something else than their place are taken at their word', async () => {
    const folder = writeLog(root, base2new('test_new'), {
      ...log,
      classes: 'base',
      dataset: 'Food101',
      seed: 2,
      output: 'elsewhere',
    })
    expect(folder).toContain('test_new')
    expect(await shown()).toEqual(['base-to-novel promptsrc (Python) Food101 Food101 base 16 2 90'])
  })

  it('of two configurations get rows of their own', async () => {
    writeLog(root, base2new('train_base'), { ...log, classes: 'base' })
    writeLog(root, 'other', { ...log, classes: 'base', configFile: 'configs/short.yaml' })
    expect((await readResults([root])).observations.map(({ method }) => method)).toEqual([
      `promptsrc (Python, ${cfg})`,
      'promptsrc (Python, short)',
    ])
  })

  it('of a run that was started anew: the last file with a result counts', async () => {
    const folder = writeLog(root, base2new('train_base'), { ...log, classes: 'base' })
    writeFileSync(
      join(folder, 'log.txt-2023-07-12-10-00-00'),
      logText({ ...log, classes: 'base', correct: 910 }),
    )
    writeFileSync(join(folder, 'log.txt-2023-07-13-10-00-00'), 'broken off')
    expect(await shown()).toEqual(['base-to-novel promptsrc (Python) EuroSAT EuroSAT base 16 1 91'])
  })

  it('that break off, say nothing or are huge are named', async () => {
    writeLog(root, base2new('train_base'), { ...log, classes: 'base' })
    const cut = writeLog(root, base2new('test_new'), { ...log, classes: 'new' })
    truncateSync(join(cut, 'log.txt'), 700)
    const wrong = writeLog(root, 'wrong', { ...log })
    writeFileSync(join(wrong, 'log.txt'), logText(log).replace('90.0%', '12.0%'))
    const huge = writeLog(root, 'huge', { ...log })
    truncateSync(join(huge, 'log.txt'), 65 * 2 ** 20)
    const nameless = writeLog(root, 'nameless', log)
    writeFileSync(join(nameless, 'log.txt'), '=> result\n* accuracy: 90.0%\n')
    const { observations, unfinished, damaged } = await readResults([root])
    expect(observations).toHaveLength(1)
    expect(unfinished).toEqual([join(cut, 'log.txt')])
    expect(damaged.map(({ path }) => path)).toEqual(
      [huge, nameless, wrong].map((folder) => join(folder, 'log.txt')),
    )
    expect(damaged.map(({ message }) => message).join()).toMatch(/64 MB.*which trainer.*900 of 1000/s)
  })
})

describe('folders without results', () => {
  it('are refused with the next step', async () => {
    const refused = (folder: string) => expect(readResults([folder])).rejects
    await refused(root).toThrow(UserError)
    await refused(root).toMatchObject({
      message: `no results below ${root}`,
      hint: expect.stringContaining('promptsrc bench'),
    })
    await refused(join(root, 'none')).toThrow('does not exist')
    writeUnitFolder(root, { ...unit, finished: false })
    await refused(root).toThrow('1 not finished')
  })
})
