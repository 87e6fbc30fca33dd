import { copyFile, mkdir, readFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { Command } from 'commander'
import type { ClipConfig } from '../core/clip/config.js'
import { paperDatasets } from '../core/data/dataset-names.js'
import { ConfigError, UserError } from '../core/errors.js'
import { sizeOf } from '../core/graph/index.js'
import { clipShapes, randomValues } from '../core/weights/random-clip.js'
import { encodeSafetensors } from '../core/weights/safetensors.js'
import { emojiGroups, isDrawn } from '../lab/plans/embedded.js'
import { hasSource, trainingsOf } from '../lab/plans/protocol.js'
import { formatTable } from '../lab/results/formats/text-table.js'
import { type PaperTable, type Printed, paperTables, type TableMaking } from '../lab/results/paper/tables.js'
import { videoTables } from '../lab/results/paper/vifi-clip.js'
import { writeFileAtomic } from '../node/files/atomic.js'
import { resolveModel } from '../node/hub/resolve-model.js'
import { listOf, seedsOption, threadsOption, wholeNumber } from './options.js'
import { measuredCosts } from './paper-cost.js'

interface Flags {
  readonly datasets?: readonly string[]
  readonly seeds: readonly number[]
  readonly model?: string
  readonly root?: string
  readonly epochs?: number
  readonly frames?: number | undefined
  readonly out: string
  readonly threads?: number
  readonly json?: boolean
}

/** Flags with the data sets that they mean. */
type Resolved = Flags & { readonly datasets: readonly string[] }

const examples = `
Examples:
  $ promptsrc paper
      the tables of the PromptSRC paper, what they show and need, and the commands that make them
  $ promptsrc paper 5 --datasets emoji-food
      one of them on embedded data, offline, beside the printed figures
  $ promptsrc paper 11 --datasets emoji-food
      EVA-CLIP: on drawn data a small one of random weights, on others EVA02-B-16, or --model
  $ promptsrc paper 9
      the table of clips on drawn ones
  $ promptsrc paper 1 --datasets dtd,eurosat --root ~/data --model ViT-B/16
  $ promptsrc paper vifi-clip
      what the paper of fine-tuned CLIP on video prints, and how figures like it are made (docs/video.md)`

/** The other paper whose tables are printed. */
const VIDEO = 'vifi-clip'

/** The group of data sets that is there offline. */
const EMBEDDED = 'emoji'
/** The same of clips, a set alone. */
const CLIPS = 'toy-clips'
const DRAWN_FRAMES = 4

/** `promptsrc paper`: the tables of the paper, listed or made. */
export function paperCommand(): Command {
  return new Command('paper')
    .argument(
      '[table]',
      `number of a table, or ${VIDEO} for those of that paper; without it they are listed`,
      (text) => (text === VIDEO ? text : wholeNumber(1)(text)),
    )
    .option(
      '--datasets <list>',
      `emoji, emoji-disjoint, toy, paper, names of data sets, or paths, separated by commas (default: ${EMBEDDED}; of clips ${CLIPS})`,
      listOf(),
    )
    .addOption(seedsOption())
    .option('--model <model>', 'see `promptsrc bench --help` (default: that of the data)')
    .option('--root <folder>', 'folder of the published data sets')
    .option(
      '--epochs <n>',
      'passes over the images (default: as published; 10 on embedded data)',
      wholeNumber(1),
    )
    .option(
      '--frames <n>',
      `frames of a clip, for tables of clips (default: as published; ${DRAWN_FRAMES} of ${CLIPS})`,
      wholeNumber(1, 1024),
    )
    .option('--out <folder>', 'folder of the runs', 'runs/paper')
    .addOption(threadsOption())
    .option('--json', 'print the list as JSON')
    .addHelpText('after', examples)
    .action((table: number | typeof VIDEO | undefined, flags: Flags) => {
      if (table === undefined) return list(flags)
      return table === VIDEO ? listVideo(flags) : make(tableNumbered(table), flags)
    })
}

/** Prints the tables of ViFi-CLIP, none of whose data can be drawn. */
function listVideo({ json }: Flags): void {
  const text = videoTables.map(({ shows, command, printed }) => {
    const tables = printed.map((table) => printedText(table, 1))
    return `${shows}\n  ${command}\n\n${tables.join('\n\n')}\n`
  })
  process.stdout.write(json ? `${JSON.stringify({ tables: videoTables })}\n` : text.join('\n\n'))
}

function tableNumbered(number: number): PaperTable {
  const table = paperTables.find((each) => each.number === number)
  if (table) return table
  throw new ConfigError(`the paper has no table ${number}`, {
    hint: `Choose one of 1 to ${paperTables.length}; promptsrc paper lists them.`,
  })
}

function list(flags: Flags): void {
  const entries = paperTables.map((table) => ({ ...table, ...onEmbedded(table.making, flags.seeds.length) }))
  if (flags.json) {
    const shown = entries.map(({ making, ...entry }) => ({
      ...entry,
      command: commandLine(entry.number, making),
    }))
    process.stdout.write(`${JSON.stringify({ tables: shown })}\n`)
    return
  }
  const rows = entries.map(({ number, shows, data, making, lacks, runs, minutes }) => [
    framesOf(making) ? CLIPS : EMBEDDED,
    String(number).padStart(2),
    shows,
    making ? `${runs} trainings, about ${minutes} min` : `not here: lacks ${lacks}`,
    data,
  ])
  const text = rows.map(
    ([offline, number, shows, embedded, data]) =>
      `${number}  ${shows}\n      of: ${data}\n      on ${offline}: ${embedded}`,
  )
  process.stdout.write(
    `${text.join('\n')}

promptsrc paper N --datasets emoji    makes table N offline, beside the printed figures
promptsrc paper N --datasets paper --root FOLDER --model ViT-B/16   as in the paper

Minutes are estimates for ${flags.seeds.length === 1 ? 'one seed' : `${flags.seeds.length} seeds`} of ${Math.round(60 * MINUTES)} s a training, ${SOURCE_MINUTES} min on the source of transfers, as on one thread of an EPYC (Zen 3).
`,
  )
}

const commandLine = (number: number, making: TableMaking | undefined) => {
  if (!making) return null
  const data = framesOf(making)
    ? '--datasets VIDEOS --model MODEL'
    : `--datasets paper --root FOLDER --model ${modelOf(making)}`
  return `promptsrc paper ${number} ${data}`
}

const PLAIN = 'ViT-B/16'

/** The paper's weights. */
const modelOf = (making: TableMaking): string =>
  making.by === 'bench' ? (making.model ?? (making.frames ? 'ViFi-CLIP' : PLAIN)) : PLAIN

/** Frames of a clip, where a table is of clips. */
const framesOf = (making: TableMaking | undefined): number | undefined =>
  making?.by === 'bench' ? making.frames : undefined

/** Minutes of a training of 480 steps on 12 embedded classes with what it measures. */
const MINUTES = 1 / 3
/** The same of 4800 steps on the 120 classes of the source of transfers. */
const SOURCE_MINUTES = 12

/** Minutes of a training of 600 steps on 15 classes of drawn clips. */
const CLIP_MINUTES = 2

/** Trainings and minutes on the embedded data. */
function onEmbedded(making: TableMaking | undefined, seeds: number): { runs: number; minutes: number } {
  if (!making) return { runs: 0, minutes: 0 }
  const rows =
    making.by === 'ablate' ? making.rows : making.methods.filter((name) => name !== 'zero-shot').length
  if (framesOf(making)) return { runs: rows * seeds, minutes: Math.round(rows * seeds * CLIP_MINUTES) }
  const protocol = making.by === 'bench' ? making.protocol : 'base-to-novel'
  const trainings = trainingsOf(protocol, emojiGroups[EMBEDDED]![protocol]).length
  const runs = rows * trainings * seeds
  return { runs, minutes: Math.round(runs * (hasSource(protocol) ? SOURCE_MINUTES : MINUTES)) }
}

/** Runs what makes a table, and prints the paper's figures after it. */
async function make({ number, shows, making, lacks, printed }: PaperTable, flags: Flags): Promise<void> {
  if (!making) {
    const beside = printed ? `\n\n${printedText(printed)}` : ''
    throw new UserError(`table ${number} (${shows}) cannot be made here: ${lacks} are not read${beside}`, {
      hint: 'promptsrc paper lists the tables that can.',
    })
  }
  process.stderr.write(`table ${number}: ${shows}\n`)
  const out = `${flags.out}/table-${number}`
  const published = framesOf(making)
  const named = flags.datasets ?? [published ? CLIPS : EMBEDDED]
  const frames = published && (flags.frames ?? (named.every(isDrawn) ? DRAWN_FRAMES : published))
  if (flags.frames !== undefined && !published) {
    throw new ConfigError(`--frames ${flags.frames}: table ${number} is of pictures`, {
      hint: 'Leave it out.',
    })
  }
  const isRandom = needsRandomModel(making, { ...flags, datasets: named })
  const plain = published && !named.every(isDrawn) ? PLAIN : undefined
  const own = making.by === 'bench' ? (making.model ?? plain) : undefined
  const model = flags.model ?? (isRandom ? await writeRandomEva02(`${out}/random-eva02`) : own)
  const common = [
    '--seeds',
    flags.seeds.join(','),
    ...given('--model', model),
    ...given('--root', flags.root),
    ...given('--epochs', flags.epochs),
    ...given('--threads', flags.threads),
  ]
  if (making.by === 'bench') {
    const { protocol, methods } = making
    const what = ['--datasets', named.join(','), '--methods', methods.join(',')]
    await run(['bench', protocol, ...what, '--out', out, ...given('--frames', frames), ...common])
  } else {
    const datasets = named.flatMap(setsOf)
    const rows = making.by === 'ablate' ? ['--part', making.part] : ['--methods', making.methods.join(',')]
    for (const name of datasets) {
      const folder = `${out}/${name.replaceAll(/[^\w.+-]+/g, '-')}`
      await run([making.by, name, ...rows, '--out', folder, ...common])
      if (making.by === 'compare') {
        process.stdout.write(`\n${await measuredCosts(folder, flags)}\n`)
      }
    }
  }
  if (printed) process.stdout.write(`\n${printedText(printed)}\n`)
  const differs = differenceOf(
    {
      ...flags,
      datasets: named,
      frames: frames === published ? undefined : frames,
      ...(isRandom ? { model: 'random' } : plain && !flags.model ? { model: plain } : {}),
    },
    modelOf(making),
  )
  if (differs) process.stdout.write(`\n† ${differs}\n`)
}

/** Whether a table that is of another model runs on drawn data, to which the program has no such model. */
const needsRandomModel = (making: TableMaking, { model, datasets }: Resolved): boolean =>
  making.by === 'bench' &&
  making.model !== undefined &&
  model === undefined &&
  datasets.flatMap(setsOf).every(isDrawn)

/** The data sets that a name stands for. */
function setsOf(name: string): readonly string[] {
  if (name === 'paper') return paperDatasets
  return emojiGroups[name]?.['base-to-novel'].datasets ?? [name]
}

const given = (option: string, value: string | number | undefined): string[] =>
  value === undefined ? [] : [option, String(value)]

async function run(args: readonly string[]): Promise<void> {
  const { program } = await import('./program.js')
  await (await program(args)).parseAsync(args, { from: 'user' })
}

function printedText({ head, rows, note }: Printed, digits = 2): string {
  const cells = rows.map(([title, ...values]) => [
    title,
    ...values.map((value) => value?.toFixed(digits) ?? '-'),
  ])
  return `As the paper prints it:\n${formatTable(head, cells)}${note ? `\n${note}` : ''}`
}

/** In what the runs differ from the paper's; undefined where they do not. */
function differenceOf(
  { datasets, model, seeds, epochs, frames }: Resolved,
  printed: string,
): string | undefined {
  const named = datasets.flatMap(setsOf)
  const others = named.length === paperDatasets.length ? [] : [`data (${datasets.join(', ')})`]
  const used = model ?? (datasets.flatMap(setsOf).some(isDrawn) ? 'the data’s own model' : printed)
  const weights = used === printed ? [] : [`weights (${used})`]
  const settings = [
    ...(frames === undefined ? [] : [`frames of a clip (${frames})`]),
    ...(epochs === undefined ? [] : [`epochs (${epochs})`]),
    ...(seeds.length === 3 ? [] : [`number of seeds (${seeds.length})`]),
  ]
  const all = [...others, ...weights, ...settings]
  if (all.length === 0) return undefined
  return `Other than in the paper: ${all.join(', ')}. Figures do not compare with the printed ones; differences between rows may.`
}

/** Sizes of the embedded model of the emoji world. */
const randomConfig: ClipConfig = {
  embedDim: 128,
  activation: 'exact',
  vision: { kind: 'eva02', resolution: 48, patchSize: 8, width: 128, layers: 4, heads: 2 },
  text: { contextLength: 77, vocabSize: 2014, width: 128, layers: 3, heads: 2 },
}

/**
 * Writes a small EVA-CLIP of random weights with the embedded vocabulary, the same bytes each time: what needs the
 * architecture runs on it offline, at accuracies of chance.
 *
 * @returns the folder's full path, which is a model's name
 */
export async function writeRandomEva02(folder: string): Promise<string> {
  const { path: emoji } = await resolveModel('emoji')
  await mkdir(folder, { recursive: true })
  for (const file of ['merges.txt', 'vocab.json']) await copyFile(join(emoji, file), join(folder, file))
  const { preprocess_cfg } = JSON.parse(await readFile(join(emoji, 'open_clip_config.json'), 'utf8'))
  const model_cfg = {
    embed_dim: randomConfig.embedDim,
    vision_cfg: {},
    text_cfg: { heads: randomConfig.text.heads },
  }
  await writeFileAtomic(
    join(folder, 'open_clip_config.json'),
    `${JSON.stringify({ model_cfg, preprocess_cfg }, null, 2)}\n`,
  )
  const tensors = [...clipShapes(randomConfig)].map(
    ([name, shape]) => [name, { shape, data: randomValues(name, sizeOf(shape)) }] as const,
  )
  await writeFileAtomic(join(folder, 'open_clip_model.safetensors'), encodeSafetensors(new Map(tensors)))
  return resolve(folder)
}
