import { Command, InvalidArgumentError } from 'commander'
import { type Protocol, protocols } from '../lab/plans/protocol.js'
import { aggregate } from '../lab/results/aggregate.js'
import { choose, chooseRows } from '../lab/results/choose.js'
import { csvOf } from '../lab/results/formats/csv.js'
import { jsonOf } from '../lab/results/formats/json.js'
import { latexOf } from '../lab/results/formats/latex.js'
import { markdownOf } from '../lab/results/formats/markdown.js'
import { textOf } from '../lab/results/formats/text.js'
import type { Problem } from '../lab/results/found.js'
import { sheetOf, sheetsOf } from '../lab/results/layout.js'
import { type Results, readResults } from '../lab/results/read-results.js'
import type { ResultTable } from '../lab/results/result-table.js'
import { writeFileAtomic } from '../node/files/atomic.js'
import { resultsReport } from '../pages/results-report.js'
import { oneOf } from './options.js'
import { type Progress, startProgress } from './progress.js'

const examples = `
Examples:
  $ promptsrc results runs/bench
      every table of a benchmark, beside the paper's figures
  $ promptsrc results runs/bench ~/PromptSRC/output --html results.html
      with the logs of the Python reference in the same tables, and a page with plots
  $ promptsrc results runs/bench --protocol few-shot --methods promptsrc,coop --datasets dtd,eurosat
  $ promptsrc results runs/bench --format latex --no-paper > table.tex`

const formats = ['table', 'markdown', 'csv', 'json', 'latex'] as const

interface Flags {
  readonly protocol?: Protocol
  readonly methods?: readonly string[]
  readonly datasets?: readonly string[]
  readonly format: (typeof formats)[number]
  readonly json?: boolean
  readonly html?: string
  readonly paper: boolean
}

/** `promptsrc results`: tables of all results below folders. */
export function resultsCommand(): Command {
  return new Command('results')
    .argument('<folders...>', 'folders of benchmarks, comparisons, or outputs of the Python reference')
    .option('--protocol <protocol>', `one benchmark alone: ${protocols.join(', ')}`, oneOf(protocols))
    .option('--methods <list>', 'these methods alone, separated by commas', list)
    .option('--datasets <list>', 'these data sets alone, separated by commas', list)
    .option('--format <format>', formats.join(', '), oneOf(formats), 'table')
    .option('--json', 'the same as --format json')
    .option('--html <file>', 'also write a page with tables and plots')
    .option('--no-paper', 'without the figures of the paper')
    .addHelpText('after', examples)
    .action(async (folders: string[], flags: Flags) => {
      let bar: Progress | undefined
      const results = await readResults(folders, {
        onProgress(done, total) {
          bar ??= startProgress('reading', total)
          bar.update(done)
        },
      }).finally(() => bar?.stop())
      const observations = choose(results.observations, flags)
      const tables = aggregate(observations, { paper: flags.paper }).map((table) => chooseRows(table, flags))
      const format = flags.json ? 'json' : flags.format
      const chosen = { ...results, observations }
      warn(chosen)
      process.stdout.write(print(format, tables, chosen))
      if (flags.html !== undefined) {
        await writeFileAtomic(flags.html, await resultsReport(tables, chosen))
        process.stderr.write(`page  ${flags.html}\n`)
      }
    })
}

function print(format: Flags['format'], tables: readonly ResultTable[], results: Results): string {
  switch (format) {
    case 'json':
      return `${JSON.stringify(jsonOf(tables, results))}\n`
    case 'csv':
      return csvOf(tables)
    case 'markdown':
      return markdownOf(sheetsOf(tables))
    case 'latex':
      return latexOf(tables.map(sheetOf))
    case 'table':
      return textOf(sheetsOf(tables), process.stdout.columns)
  }
}

/** Paths of a kind that are named before the others are counted. */
const NAMED = 5

/** Says on standard error what the tables do not show. */
function warn({ unfinished, failed, damaged, repeats }: Results): void {
  const say = (count: number, what: string, lines: readonly string[]) => {
    if (count === 0) return
    const more = lines.length > NAMED ? [`  and ${lines.length - NAMED} more`] : []
    process.stderr.write(`${[`${count} ${what}`, ...lines.slice(0, NAMED), ...more].join('\n')}\n`)
  }
  const problem = ({ path, message }: Problem) =>
    `  ${message.includes(path) ? message : `${path}: ${message}`}`
  say(
    unfinished.length,
    'not finished:',
    unfinished.map((path) => `  ${path}`),
  )
  say(failed.length, 'failed:', failed.map(problem))
  say(damaged.length, 'damaged, left out:', damaged.map(problem))
  const differing = repeats.filter(({ counted, left }) => counted.accuracy !== left.accuracy)
  say(repeats.length - differing.length, 'found twice with the same accuracy, counted once', [])
  say(
    differing.length,
    'found twice with another accuracy; the first is counted:',
    differing.map(
      ({ counted, left }) =>
        `  ${counted.from} (${counted.accuracy.toFixed(2)} %), not ${left.from} (${left.accuracy.toFixed(2)} %)`,
    ),
  )
}

function list(text: string): string[] {
  const names = text.split(',').map((part) => part.trim())
  if (names.includes('')) throw new InvalidArgumentError('A name is empty.')
  return names
}
