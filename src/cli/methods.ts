import { Command } from 'commander'
import type { ZodType } from 'zod'
import type { Method } from '../core/methods/method.js'
import { regulatorOptions } from '../core/methods/promptsrc.js'
import { methodNamed, methods } from '../core/methods/registry.js'
import { type Baseline, baselineNamed, baselines } from '../lab/baselines.js'
import { oneOf } from './options.js'

const examples = `
Examples:
  $ promptsrc methods
  $ promptsrc methods coop
  $ promptsrc methods linear-probe
  $ promptsrc methods --json
  $ promptsrc train photos --model ViT-B/16 --method promptsrc --set textLossWeight=10`

interface OptionInfo {
  readonly default: unknown
  readonly meaning: string
}

/** `promptsrc methods`: the methods there are, and the baselines that they are compared with. */
export function methodsCommand(): Command {
  const names = [...Object.keys(methods), ...Object.keys(baselines)]
  return new Command('methods')
    .argument('[method]', 'one of them alone', oneOf(names))
    .option('--json', 'print as JSON')
    .addHelpText('after', examples)
    .action((chosen: string | undefined, { json }: { json?: boolean }) => {
      const list = (chosen ? [chosen] : names).map(described)
      process.stdout.write(
        json
          ? `${JSON.stringify(list)}\n`
          : list.map((entry) => (entry.kind === 'method' ? text(entry) : heading(entry))).join('\n'),
      )
      if (!json && !chosen) process.stdout.write(footer())
    })
}

function described(name: string) {
  const baseline = baselineNamed(name)
  return baseline ? describeBaseline(name, baseline) : describe(methodNamed(name))
}

const describeBaseline = (name: string, { title, paper, summary }: Baseline) =>
  ({ name, kind: 'baseline', title, paper, summary }) as const

function describe({ name, title, paper, summary, options, defaults }: Method) {
  const values = options.parse({}) as Record<string, unknown>
  const info = Object.entries(options.shape).map(([key, type]): [string, OptionInfo] => [
    key,
    { default: values[key], meaning: (type as ZodType).description ?? '' },
  ])
  return {
    name,
    kind: 'method',
    title,
    paper,
    summary,
    training: defaults,
    options: Object.fromEntries(info),
  } as const
}

const heading = ({ name, title, summary, paper }: Pick<Method, 'name' | 'title' | 'summary' | 'paper'>) =>
  `${name}  ${title}: ${summary}\n  ${paper}\n`

function text({ training, options, ...method }: ReturnType<typeof describe>): string {
  const { epochs, batchSize, learningRate, shots } = training
  const entries = Object.entries(options)
  const own = entries.filter(([key]) => !regulatorOptions.includes(key))
  const regulators = entries.filter(([key]) => regulatorOptions.includes(key))
  const width = Math.max(...own.map(([key, { default: value }]) => `${key}=${shown(value)}`.length))
  return [
    `${heading(method)}  training: ${epochs} epochs, batches of ${batchSize}, learning rate ${learningRate}, ${shots} shots`,
    ...own.map(([key, o]) => `  ${`${key}=${shown(o.default)}`.padEnd(width)}  ${o.meaning}`),
    ...(regulators.length > 0
      ? [
          `  regulators: ${regulators.flatMap(([key, o]) => (o.default === undefined ? [] : [`${key}=${shown(o.default)}`])).join(' ')}`,
        ]
      : []),
    '',
  ].join('\n')
}

function footer(): string {
  const { options } = describe(methodNamed('promptsrc'))
  const width = Math.max(...regulatorOptions.map((key) => key.length))
  const lines = regulatorOptions.map((key) => `  ${key.padEnd(width)}  ${options[key]!.meaning}`)
  return `\nRegulators, options of every method that learns prompts:\n${lines.join('\n')}\n\nWhich of them to take: docs/which-method.md, with a figure for each.\n`
}

const shown = (value: unknown): string => (typeof value === 'string' ? `"${value}"` : String(value))
