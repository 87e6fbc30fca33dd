import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { expectRefused, promptsrc, promptsrcProcess } from '../support/command.js'
import { type UnitSample, writeLog, writeUnitFolder } from '../support/results-tree.js'

const folder = mkdtempSync(join(tmpdir(), 'promptsrc-results-cli-'))
const results = (...args: string[]) => promptsrc(folder, 'results', ...args)

const unit: UnitSample = {
  protocol: 'base-to-novel',
  method: 'promptsrc',
  dataset: 'EuroSAT',
  source: 'EuroSAT',
  classes: 'base',
  shots: 16,
  seed: 1,
  accuracy: 92,
}

beforeAll(() => {
  const bench = join(folder, 'bench')
  for (const dataset of ['EuroSAT', 'UCF101']) {
    const own = { ...unit, dataset, source: dataset }
    for (const seed of [1, 2]) {
      writeUnitFolder(bench, { ...own, seed, accuracy: 91 + seed })
      writeUnitFolder(bench, { ...own, seed, classes: 'novel', accuracy: 72 + seed })
    }
    const zeroShot = { ...own, method: 'zero-shot', seed: null, shots: null }
    writeUnitFolder(bench, { ...zeroShot, accuracy: 60 })
    writeUnitFolder(bench, { ...zeroShot, classes: 'novel', accuracy: 65 })
    writeUnitFolder(bench, { ...own, protocol: 'few-shot', classes: 'all', shots: 4, accuracy: 85 })
  }
  writeUnitFolder(bench, { ...unit, seed: 3, finished: false })
  const broken = writeUnitFolder(bench, { ...unit, seed: 4 })
  writeFileSync(join(broken, 'result.json'), '{"identity"')
  const place = 'base2new/train_base/eurosat/shots_16/PromptSRC/vit_b16_c2_ep20_batch4_4+4ctx'
  const log = { trainer: 'PromptSRC', dataset: 'EuroSAT', correct: 930, total: 1000 } as const
  writeLog(join(folder, 'python'), place, { ...log, classes: 'base' })
  writeLog(join(folder, 'python'), place.replace('train_base', 'test_new'), {
    ...log,
    classes: 'new',
    correct: 730,
  })
})

afterAll(() => rmSync(folder, { recursive: true, force: true }))

describe('promptsrc results', () => {
  it('prints tables beside the paper’s figures, and names what it could not read', async () => {
    const { code, stdout, stderr } = await promptsrcProcess(folder, 'results', 'bench', 'python/output')
    expect(code).toBe(0)
    expect(stdout).toMatch(/^PromptSRC +92\.50 ± 0\.71 +73\.50 ± 0\.71 +81\.91 ± 0\.72 +2$/m)
    expect(stdout).toMatch(/^PromptSRC \(Python\) +93\.00 +73\.00 /m)
    expect(stdout).toMatch(/^PromptSRC \(paper\) +92\.90 +73\.90 +82\.32$/m)
    expect(stdout).toContain('Few-shot classification')
    expect(stderr).toContain(
      '1 not finished:\n  bench/base-to-novel/EuroSAT/promptsrc/shots16-seed3/EuroSAT-base',
    )
    expect(stderr).toContain('1 damaged, left out:\n  bench/base-to-novel/EuroSAT/promptsrc/shots16-seed4')
  })

  it('prints the same as JSON, CSV, Markdown and LaTeX', async () => {
    const { stdout } = await results('bench', '--json', '--protocol', 'base-to-novel')
    const { format, tables, observations, unfinished, damaged } = JSON.parse(stdout)
    expect({ format, tables: tables.length, observations: observations.length }).toEqual({
      format: 1,
      tables: 1,
      observations: 12,
    })
    expect([unfinished.length, damaged.length]).toEqual([1, 1])
    const row = tables[0].rows.find((row: { method: string }) => row.method === 'promptsrc')
    const figure = row.figures.find(
      (figure: { dataset: string; quantity: string }) =>
        figure.dataset === 'EuroSAT' && figure.quantity === 'base',
    )
    expect(figure).toMatchObject({ mean: 92.5, paper: 92.9, missing: [] })
    expect(figure.runs).toEqual([
      { seed: 1, value: 92 },
      { seed: 2, value: 93 },
    ])
    const outputs = await Promise.all(
      ['csv', 'markdown', 'latex'].map((format) => results('bench', '--format', format)),
    )
    const [csv, markdown, latex] = outputs.map(({ stdout }) => stdout)
    expect(csv).toContain('base-to-novel,,measured,promptsrc,16,EuroSAT,base,92.5,')
    expect(markdown).toContain('| PromptSRC | 92.50 ± 0.71 |')
    expect(latex).toContain('PromptSRC & $92.50 \\pm 0.71$')
  })

  it('shows the chosen protocol, methods and data sets alone, with the paper’s methods', async () => {
    const { stdout } = await results(
      'bench',
      ...['--protocol', 'base-to-novel', '--methods', 'promptsrc,maple', '--datasets', 'eurosat'],
    )
    expect(stdout).toMatch(/^MaPLe \(paper\) +94\.07 +73\.23 +82\.35$/m)
    expect(stdout).not.toMatch(/zero-shot|CoOp|UCF101|Few-shot|Average over/)
    expect((await results('bench', '--no-paper')).stdout).not.toMatch(/paper\)|− paper/)
  })

  it('writes a page that says the same', async () => {
    const { code, stderr } = await results('bench', 'python', '--html', 'page.html')
    expect({ code, stderr }).toMatchObject({ code: 0, stderr: expect.stringContaining('page  page.html') })
    const html = readFileSync(join(folder, 'page.html'), 'utf8')
    expect(html).toContain('PromptSRC (Python)')
    expect(html).toContain('<td class="number"><b>92.50</b>')
    expect(html).toMatch(/aria-label="EuroSAT: [^"]*PromptSRC 81\.9 %/)
  })
})

describe('results that cannot be shown are refused with the next step:', () => {
  it.each<[string[], ...string[]]>([
    [['python/none'], 'python/none does not exist'],
    [['bench/base-to-novel/EuroSAT/promptsrc/shots16-seed3'], 'no finished runs below', '1 not finished'],
    [['bench', '--methods', 'promtsrc'], '--methods: there is no result of "promtsrc"', 'promptsrc'],
    [['bench', '--methods', 'maple'], 'there are no results of maple'],
    [['bench', '--datasets', 'Food101'], '--datasets: there is no result of "Food101"', 'UCF101'],
    [['bench', '--protocol', 'cross-dataset'], 'there are only results of base-to-novel, few-shot'],
  ])('%j', async (args, ...words) => {
    expectRefused(await results(...args), ...words)
  })

  it.each<[string[], string]>([
    [['bench', '--protocol', 'few-shots'], 'Did you mean few-shot?'],
    [['bench', '--format', 'xls'], 'There are table, markdown, csv, json, latex.'],
    [[], 'missing required argument'],
  ])('%j', async (args, message) => {
    const { code, stderr } = await results(...args)
    expect(code).toBe(2)
    expect(stderr).toContain(message)
  })
})
