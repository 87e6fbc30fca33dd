import { Command, InvalidArgumentError } from 'commander'
import { type Protocol, protocols } from '../lab/plans/protocol.js'
import type { Problem } from '../lab/results/found.js'
import type { Results } from '../lab/results/read-results.js'
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
      const [{ readResults }, { aggregate }, { choose, chooseRows }] = await Promise.all([
        import('../lab/results/read-results.js'),
        import('../lab/results/aggregate.js'),
        import('../lab/results/choose.js'),
      ])
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
      process.stdout.write(await print(format, tables, chosen))
      if (flags.html !== undefined) {
        const [{ resultsReport }, { writeFileAtomic }] = await Promise.all([
          import('../pages/results-report.js'),
          import('../node/files/atomic.js'),
        ])
        await writeFileAtomic(flags.html, await resultsReport(tables, chosen))
        process.stderr.write(`page  ${flags.html}\n`)
      }
    })
}

async function print(
  format: Flags['format'],
  tables: Parameters<typeof import('../lab/results/formats/json.js').jsonOf>[0],
  results: Results,
): Promise<string> {
  switch (format) {
    case 'json': {
      const { jsonOf } = await import('../lab/results/formats/json.js')
      return `${JSON.stringify(jsonOf(tables, results))}\n`
    }
    case 'csv':
      return (await import('../lab/results/formats/csv.js')).csvOf(tables)
  }
  const { sheetOf } = await import('../lab/results/layout.js')
  const sheets = tables.map(sheetOf)
  switch (format) {
    case 'markdown':
      return (await import('../lab/results/formats/markdown.js')).markdownOf(sheets)
    case 'latex':
      return (await import('../lab/results/formats/latex.js')).latexOf(sheets)
    case 'table':
      return (await import('../lab/results/formats/text.js')).textOf(sheets, process.stdout.columns)
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
