import { Command, Option } from 'commander'
import { ConfigError } from '../core/errors.js'
import { toyDataset, toySets } from '../core/world/datasets.js'
import { type ToyProtocol, toyProtocols } from '../core/world/protocols.js'
import { formatTable } from '../lab/results/formats/text-table.js'
import { writeToyFolder } from '../node/data/write-folder.js'
import { wholeNumber } from './options.js'
import { startProgress } from './progress.js'

const examples = `
Examples:
  $ promptsrc toy --list
  $ promptsrc toy shapes
  $ promptsrc toy mosaic --set toy-mosaic
  $ promptsrc train shapes --model tiny

Commands that read DATA take the name of a set as well: it need not be written first.`

interface Options {
  readonly set: string
  readonly seed: number
  readonly list?: boolean
  readonly json?: boolean
}

/** `promptsrc toy`: writes a drawn data set as image files, to try the other commands on. */
export function toyCommand(): Command {
  return new Command('toy')
    .argument('[folder]', 'folder to write to')
    .addOption(new Option('--set <name>', 'which set').choices(Object.keys(toySets)).default('toy'))
    .option('--seed <n>', 'which pictures', wholeNumber(0), 0)
    .option('--list', 'list the sets instead')
    .option('--json', 'with --list: print as JSON')
    .addHelpText('after', examples)
    .action(async (folder: string | undefined, { set, seed, list, json }: Options) => {
      if (list) {
        process.stdout.write(json ? `${JSON.stringify(described())}\n` : listing())
        return
      }
      if (folder === undefined) {
        throw new ConfigError('no folder to write to', {
          hint: 'Name one, as in `promptsrc toy shapes`, or see the sets with --list.',
        })
      }
      const dataset = toyDataset(set, { seed })
      const progress = startProgress('writing', dataset.train.length + dataset.test.length)
      const images = await writeToyFolder(folder, dataset, (written) => progress.update(written)).finally(
        () => progress.stop(),
      )
      process.stdout.write(`${images} images of ${dataset.classNames.length} classes in ${folder}\n`)
    })
}

/** The sets and protocols as JSON shows them. */
function described() {
  const sets = Object.entries(toySets).map(([name, { summary, classNames, template }]) => ({
    name,
    summary,
    template,
    classNames,
    ...counts(name),
  }))
  return { sets, protocols: toyProtocols }
}

function counts(name: string) {
  const { train, val, test } = toyDataset(name)
  return { train: train.length, val: val.length, test: test.length }
}

function listing(): string {
  const rows = Object.entries(toySets).map(([name, { classNames }]) => {
    const { train, test } = counts(name)
    return [name, `${classNames.length}`, `${train}`, `${test}`]
  })
  const [head, rule, ...lines] = formatTable(['set', 'classes', 'train', 'test'], rows).split('\n')
  const summaries = Object.values(toySets).map(({ summary }) => summary)
  const names = Object.keys(toyProtocols)
  const width = Math.max(...names.map((name) => name.length))
  return [
    head,
    rule,
    ...lines.map((line, i) => `${line}  ${summaries[i]}`),
    '',
    ...Object.entries(toyProtocols).map(([name, protocol]) => `${name.padEnd(width)}  ${setsOf(protocol)}`),
    '',
  ].join('\n')
}

function setsOf(protocol: ToyProtocol): string {
  if ('source' in protocol) return `${protocol.source} to ${protocol.targets.join(', ')}`
  const shots = protocol.shots ? `; ${protocol.shots.join(', ')} shots` : ''
  return protocol.datasets.join(', ') + shots
}
