import { Command } from 'commander'
import { type Deviation, type Outcome, ratioOf, worstOf } from '../exchange/parity/deviation.js'
import { runParity } from '../exchange/parity/parity.js'
import { summarize } from '../exchange/parity/summary.js'
import { openRuntime } from '../node/runtime/open-runtime.js'
import { deviceOption, type RuntimeFlags, runtimeFrom, threadsOption } from './options.js'

interface ParityFlags extends RuntimeFlags {
  readonly out?: string
  readonly json?: boolean
  readonly verbose?: boolean
}

const help = `
A path is a case (JSON), a folder of cases, or a golden root: a folder with \`cases\` and what lies beside it
(containers, checkpoints, tokenizer, preprocess, fewshot, schedules.json, …). The exit code is 1 when anything is
beyond its tolerance, 2 when a path cannot be used.

Examples:
  $ promptsrc parity test/golden
  $ promptsrc parity test/golden/cases/promptsrc_vit_t4v4_d3.json --verbose
  $ promptsrc parity test/golden/cases --out computed --json > parity.json`

/** `promptsrc parity`: replays reference data of the original code and compares. */
export function parityCommand(): Command {
  return new Command('parity')
    .argument('<path...>', 'cases, folders of cases, or golden roots')
    .option('--out <folder>', 'write what was computed, as <case>.safetensors with the names of the case')
    .option('--json', 'print one JSON summary instead of the table')
    .option('--verbose', 'print every tensor')
    .addOption(threadsOption())
    .addOption(deviceOption())
    .addHelpText('after', help)
    .action(parity)
}

async function parity(paths: string[], flags: ParityFlags): Promise<void> {
  const runtime = await openRuntime(runtimeFrom(flags))
  const outcomes: Outcome[] = []
  try {
    for await (const outcome of runParity(paths, { runtime, ...(flags.out ? { out: flags.out } : {}) })) {
      outcomes.push(outcome)
      if (!flags.json) process.stdout.write(`${lines(outcome, flags.verbose ?? false).join('\n')}\n`)
    }
  } finally {
    await runtime.close()
  }
  const summary = summarize(outcomes)
  const { passed, failed, skipped } = summary
  process.stdout.write(
    flags.json
      ? `${JSON.stringify(summary)}\n`
      : `\n${passed} passed, ${failed} failed, ${skipped} skipped${worstLine(summary.worst)}\n`,
  )
  if (failed > 0) process.exitCode = 1
}

/** One line: status, name, worst error in units of its tolerance. When verbose, one for every comparison too. */
function lines({ name, status, comparisons, note }: Outcome, verbose: boolean): string[] {
  const worst = worstOf(comparisons)
  const figures = worst ? `${ratioText(worst)} of tolerance  ${worst.name}` : ''
  const head = `${status.padEnd(7)}  ${name.padEnd(52)}  ${[figures, note].filter(Boolean).join('  ')}`
  // What failed is listed in full: the first tensor that is off says where to look.
  const listed = verbose ? comparisons : status === 'failed' ? comparisons.filter(isMiss) : []
  return [head.trimEnd(), ...listed.map(comparisonLine)]
}

const isMiss = (comparison: Deviation): boolean => !(ratioOf(comparison) <= 1)

function comparisonLine(comparison: Deviation): string {
  const { name, error, tolerance } = comparison
  const sign = isMiss(comparison) ? '!' : ' '
  return `       ${sign} ${name.padEnd(64)}  ${error.toExponential(2)} / ${tolerance.toExponential(2)}`
}

const ratioText = (comparison: Deviation): string => ratioOf(comparison).toFixed(4)

function worstLine(worst: ReturnType<typeof summarize>['worst']): string {
  if (!worst) return ''
  const ratio = worst.ratio === null ? 'infinite' : worst.ratio.toFixed(4)
  return `; worst ${ratio} of tolerance: ${worst.name} in ${worst.in}`
}
