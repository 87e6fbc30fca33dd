import { Command, InvalidArgumentError, Option } from 'commander'
import { ConfigError } from '../core/errors.js'
import { clipSets } from '../core/world/clips/datasets.js'
import { emojiProtocols } from '../core/world/emoji/protocols.js'
import { type ToyProtocol, toyProtocols } from '../core/world/protocols.js'
import { drawnSummaries, worldOf } from '../core/world/worlds.js'
import { formatTable } from '../lab/results/formats/text-table.js'
import { writeToyFolder } from '../node/data/write-folder.js'
import { writeFileAtomic } from '../node/files/atomic.js'
import { drawnDataset } from '../node/world/drawn-sets.js'
import { wholeNumber } from './options.js'
import { startProgress } from './progress.js'

const examples = `
Examples:
  $ promptsrc toy --list
  $ promptsrc toy shapes
  $ promptsrc toy mosaic --set toy-mosaic
  $ promptsrc train shapes --model tiny
  $ promptsrc toy snacks --set emoji-food@3
  $ promptsrc toy --set emoji-food --texts food.json
      sentences about its classes in place of pictures, for \`train --method protext --texts food.json\`
  $ promptsrc toy clips --set toy-clips
      clips, a folder of frames each; with --videos as .mp4

Commands that read DATA take the name of a set as well: it need not be written first.
After a set of emoji, @ and a number name another draw of its classes, drawings and scenes.`

interface Options {
  readonly set: string
  readonly seed: number
  readonly texts?: string
  readonly videos?: boolean
  readonly list?: boolean
  readonly json?: boolean
}

/** `promptsrc toy`: writes a drawn data set as image files, to try the other commands on. */
export function toyCommand(): Command {
  return new Command('toy')
    .argument('[folder]', 'folder to write to')
    .addOption(new Option('--set <name>', 'which set, see --list').argParser(setName).default('toy'))
    .option('--seed <n>', 'which pictures', wholeNumber(0), 0)
    .option('--texts <file>', 'write sentences about the classes as JSON, with or without the pictures')
    .option('--videos', 'write clips as .mp4 files, by ffmpeg, in place of folders of frames')
    .option('--list', 'list the sets instead')
    .option('--json', 'with --list: print as JSON')
    .addHelpText('after', examples)
    .action(async (folder: string | undefined, { set, seed, texts, videos, list, json }: Options) => {
      if (list) {
        process.stdout.write(json ? `${JSON.stringify(described())}\n` : listing())
        return
      }
      const dataset = drawnDataset(set, seed)
      if (texts !== undefined) {
        const { classNames, descriptions } = dataset
        const entries = classNames.map((name, c) => [name, descriptions!.sentences[c]!] as const)
        await writeFileAtomic(texts, `${JSON.stringify(Object.fromEntries(entries), null, 1)}\n`)
        process.stdout.write(
          `${descriptions!.sentences.flat().length} sentences about ${classNames.length} classes in ${texts}\n`,
        )
        if (folder === undefined) return
      }
      if (folder === undefined) {
        throw new ConfigError('no folder to write to', {
          hint: 'Name one, as in `promptsrc toy shapes`, or see the sets with --list.',
        })
      }
      const progress = startProgress('writing', dataset.train.length + dataset.test.length)
      const clips = dataset.train.some(({ clip }) => clip)
      if (videos && !clips) {
        throw new ConfigError(`--videos: ${set} has pictures, no clips`, {
          hint: `Leave it out, or choose a set of clips: ${Object.keys(clipSets).join(', ')}.`,
        })
      }
      const images = await writeToyFolder(folder, dataset, {
        videos: videos ?? false,
        onImage: (written) => progress.update(written),
      }).finally(() => progress.stop())
      process.stdout.write(
        `${images} ${clips ? 'clips' : 'images'} of ${dataset.classNames.length} classes in ${folder}\n`,
      )
    })
}

function setName(text: string): string {
  if (worldOf(text) !== undefined) return text
  throw new InvalidArgumentError(`Allowed choices are ${[...drawnSummaries.keys()].join(', ')}.`)
}

/** The sets and protocols as JSON shows them. */
function described() {
  const sets = [...drawnSummaries].map(([name, summary]) => {
    const { template, classNames, train, val, test } = drawnDataset(name)
    return {
      name,
      summary,
      template,
      classNames,
      train: train.length,
      val: val.length,
      test: test.length,
    }
  })
  return { sets, protocols: toyProtocols, emojiProtocols: emojiProtocols() }
}

function listing(): string {
  const rows = [...drawnSummaries.keys()].map((name) => {
    const { classNames, train, test } = drawnDataset(name)
    return [name, `${classNames.length}`, `${train.length}`, `${test.length}`]
  })
  const [head, rule, ...lines] = formatTable(['set', 'classes', 'train', 'test'], rows).split('\n')
  const summaries = [...drawnSummaries.values()]
  const protocols = [toyProtocols, emojiProtocols()].flatMap((each) => Object.entries(each))
  const width = Math.max(...protocols.map(([name]) => name.length))
  return [
    head,
    rule,
    ...lines.map((line, i) => `${line}  ${summaries[i]}`),
    '',
    ...protocols.map(([name, protocol]) => `${name.padEnd(width)}  ${setsOf(protocol)}`),
    '',
  ].join('\n')
}

function setsOf(protocol: ToyProtocol): string {
  if ('source' in protocol) return `${protocol.source} to ${protocol.targets.join(', ')}`
  const shots = protocol.shots ? `; ${protocol.shots.join(', ')} shots` : ''
  return protocol.datasets.join(', ') + shots
}
