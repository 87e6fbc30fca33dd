import { existsSync } from 'node:fs'
import { stat } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { Argument, Command } from 'commander'
import { withDescriptions } from '../core/data/descriptions.js'
import { ConfigError } from '../core/errors.js'
import type { Exif } from '../core/image/orientation.js'
import type { Activation } from '../core/model.js'
import { modelOfWorld, worldOf } from '../core/world/worlds.js'
import { planBenchmark } from '../lab/plans/benchmark.js'
import type { FinishedUnit } from '../lab/plans/do-units.js'
import { drawnAnew } from '../lab/plans/draws.js'
import { emojiGroups, isDrawn, ownSettings, toyGroup } from '../lab/plans/embedded.js'
import { comparable } from '../lab/plans/entries.js'
import type { OpenedData, PlannedUnit } from '../lab/plans/plan.js'
import { type Protocol, protocols } from '../lab/plans/protocol.js'
import { protocolData } from '../lab/plans/protocol-data.js'
import { aggregate } from '../lab/results/aggregate.js'
import { jsonOf } from '../lab/results/formats/json.js'
import { textOf } from '../lab/results/formats/text.js'
import { formatTable } from '../lab/results/formats/text-table.js'
import { sheetsOf } from '../lab/results/layout.js'
import { resultsOf } from '../lab/results/read-results.js'
import { failureLine, readFailure, readResult } from '../lab/units/unit-files.js'
import { readDescriptions } from '../node/data/descriptions.js'
import { writeFileAtomic } from '../node/files/atomic.js'
import { resultsReport } from '../pages/results-report.js'
import { framesOption, lastingPath, openData, skipBadImagesOption } from './data.js'
import { type EngineFlags, engineFrom, withEngineOptions } from './engine-options.js'
import {
  activationOption,
  exifOption,
  listOf,
  methodsOption,
  positiveNumber,
  seedsOption,
  wholeNumber,
} from './options.js'
import { failFor, identified, Work } from './work.js'

interface Flags extends EngineFlags {
  readonly datasets?: readonly string[]
  readonly source?: string
  readonly methods: readonly string[]
  readonly seeds: readonly number[]
  readonly draws?: number
  readonly shots?: readonly number[]
  readonly root?: string
  readonly texts?: string
  readonly model?: string
  readonly activation?: Activation
  readonly frames?: number
  readonly epochs?: number
  readonly batchSize?: number
  readonly lr?: number
  readonly out: string
  readonly exif?: Exif
  readonly skipBadImages?: boolean
  readonly dryRun?: boolean
  readonly html?: string
  readonly json?: boolean
}

const examples = `
Examples:
  $ promptsrc bench base-to-novel --datasets emoji
      on the embedded data with the embedded model, offline, in minutes
  $ promptsrc bench base-to-novel --root ~/data --methods zero-shot,coop,promptsrc
      on the paper's eleven data sets, see \`promptsrc data list\`
  $ promptsrc bench text-only --root ~/data --texts ~/cupl --methods zero-shot,protext
      sentences in place of images: ~/cupl/OxfordPets.json and so on
  $ promptsrc bench few-shot --root ~/data --datasets dtd,eurosat --shots 1,4,16 --methods promptsrc
  $ promptsrc bench cross-dataset --root ~/data --engine slurm --partition gpu --time 8:00:00
  $ promptsrc bench base-to-novel --datasets toy-clips --frames 4 --methods zero-shot,fine-tune,promptsrc
  $ promptsrc bench few-shot --datasets hmdb51.yaml --root videos --frames 32 --shots 2,4,8,16 --methods fine-tune
      on clips (docs/video.md)
  $ promptsrc bench base-to-novel --datasets photos,more-photos --model ViT-B/16
      the protocol on folders of your own

Every training and every measure is a run with a folder of its own below --out. The same call goes on where it was
stopped: finished runs are not repeated, failed ones are tried again. \`promptsrc results OUT\` shows the tables again.`

/** `promptsrc bench`: the paper's four benchmarks, ViFi-CLIP's on all images, and ProText's. */
export function benchCommand(): Command {
  const methods = comparable()
  const command = new Command('bench')
    .addArgument(new Argument('<protocol>', 'which benchmark').choices(protocols))
    .option(
      '--datasets <list>',
      'paper, toy, emoji, emoji-disjoint, names of data sets, or paths, separated by commas (default: paper)',
      listOf(),
    )
    .option('--source <data>', 'what is trained on, across data sets and domains (default: ImageNet)')
    .addOption(methodsOption(methods, ['zero-shot', 'promptsrc']))
    .addOption(seedsOption())
    .option('--draws <n>', 'draws of emoji sets: other classes, drawings and scenes', wholeNumber(1))
    .option(
      '--shots <list>',
      'images a class, separated by commas (default: 16; few-shot: 1,2,4,8,16)',
      listOf(wholeNumber(1)),
    )
    .option('--root <folder>', 'folder of the published data sets')
    .option(
      '--texts <path>',
      'sentences that protext learns from: a folder of DATASET.json, or a file of one source (drawn sets have their own)',
    )
    .option(
      '--model <model>',
      'tiny, emoji, a file or folder, an OpenAI name or a Hugging Face repository (default: ViT-B/16; that of their world on drawn data)',
    )
    .addOption(activationOption())
    .addOption(framesOption())
    .option('--epochs <n>', 'passes over the images (default: as published)', wholeNumber(1))
    .option('--batch-size <n>', 'images a step (default: as published)', wholeNumber(1))
    .option('--lr <rate>', 'learning rate (default: as published)', positiveNumber)
    .option('--out <folder>', 'folder of the runs', 'runs/bench')
    .addOption(exifOption())
    .addOption(skipBadImagesOption())
    .option('--html <file>', 'also write a page with tables and plots')
    .option('--dry-run', 'list the runs and what is done of them, and do none')
    .option('--json', 'print tables and runs as JSON')
  return withEngineOptions(command).addHelpText('after', examples).action(bench)
}

async function bench(protocol: Protocol, flags: Flags): Promise<void> {
  const work = new Work(await engineFrom(flags, join(flags.out, protocol)))
  const units = await plan(protocol, flags, work.signal)
  if (flags.dryRun) return printPlan(units, flags)

  const finished = await work.do(units, { threads: flags.threads })
  const open = finished.filter(({ result, failure }) => !result && !failure)
  if (open.length > 0) {
    process.stderr.write(`${open.length} of ${units.length} runs are queued; the same call follows them\n`)
  }
  await show(finished, flags)
  failFor(
    finished.flatMap(({ name, failure }) => (failure ? [failureLine(name, failure)] : [])),
    finished.length,
  )
}

/** Opens model and data and plans the runs. */
async function plan(protocol: Protocol, flags: Flags, signal: AbortSignal): Promise<PlannedUnit[]> {
  const groups = { toy: toyGroup, ...emojiGroups }
  const draws = drawnAnew(protocolData(protocol, { ...flags, groups }), flags.draws)
  const all = draws.flatMap(({ datasets, source }) => [
    ...datasets,
    ...(source === undefined ? [] : [source]),
  ])
  const { root, frames } = flags
  const sources = new Set(
    draws.flatMap(({ datasets, source }) => (source === undefined ? datasets : [source])),
  )
  const withTexts = await textsOf(flags.texts, sources)
  const open = once(async (path: string) => {
    // Drawn sets lie nowhere; what lies somewhere is found from any folder.
    if (isDrawn(path) && !existsSync(path))
      return { dataset: await openData(path, { frames }), reference: { path } }
    const folder = root === undefined ? {} : { root: resolve(root) }
    const dataset = await openData(path, { ...folder, exif: flags.exif, frames })
    const reference = { path: resolve(await lastingPath(path, folder)), ...folder }
    return sources.has(path) ? withTexts({ dataset, reference }) : { dataset, reference }
  })
  // A wrong name is said before a model is downloaded.
  for (const path of all) await open(path)
  const worlds = new Set(all.map((one) => (existsSync(one) ? undefined : worldOf(one))))
  const [world] = worlds
  const name = flags.model ?? (worlds.size === 1 && world ? modelOfWorld[world] : 'ViT-B/16')
  const { epochs, batchSize, lr, skipBadImages } = flags
  const common = {
    protocol,
    rows: flags.methods,
    seeds: flags.seeds,
    model: await identified({ model: name, activation: flags.activation, frames }, signal),
    open,
    ownSettings,
    overrides: {
      ...(epochs === undefined ? {} : { epochs }),
      ...(batchSize === undefined ? {} : { batchSize }),
      ...(lr === undefined ? {} : { learningRate: lr }),
    },
    ...(skipBadImages ? { skipBadImages } : {}),
    out: flags.out,
  }
  const plans: PlannedUnit[] = []
  for (const data of draws) plans.push(...(await planBenchmark({ ...common, ...data })))
  return plans
}

/** How a source gets the sentences about its classes: from a file of its own, or the one there is. */
async function textsOf(
  path: string | undefined,
  sources: ReadonlySet<string>,
): Promise<(data: OpenedData) => Promise<OpenedData>> {
  if (path === undefined) return async (data) => data
  const isFolder = (await stat(path).catch(() => undefined))?.isDirectory() ?? false
  if (!isFolder && sources.size > 1) {
    throw new ConfigError(`--texts ${path}: a file is about one data set; there are ${sources.size}`, {
      hint: 'Name a folder that holds DATASET.json for each.',
    })
  }
  return async ({ dataset, reference }) => {
    const texts = resolve(isFolder ? join(path, `${dataset.name}.json`) : path)
    const described = withDescriptions(dataset, await readDescriptions(texts), texts)
    return { dataset: described, reference: { ...reference, texts } }
  }
}

/** A function that is called once for every argument. */
function once<T>(run: (argument: string) => Promise<T>): (argument: string) => Promise<T> {
  const known = new Map<string, Promise<T>>()
  return (argument) => {
    const found = known.get(argument) ?? run(argument)
    known.set(argument, found)
    return found
  }
}

async function printPlan(units: readonly PlannedUnit[], { json }: Flags): Promise<void> {
  const runs = await Promise.all(
    units.map(async ({ folder, name, spec }) => {
      const result = await readResult(folder, spec)
      const state = result ? 'done' : (await readFailure(folder)) ? 'failed' : 'to do'
      return { folder, name, state, settings: spec.settings }
    }),
  )
  if (json) {
    process.stdout.write(`${JSON.stringify({ runs })}\n`)
    return
  }
  const rows = runs.map(({ name, state, folder }) => [name, state, folder])
  process.stdout.write(`${formatTable(['run', 'state', 'folder'], rows)}\n\n`)
  const open = runs.filter(({ state }) => state !== 'done').length
  process.stdout.write(`${runs.length} runs, ${open} to do\n`)
}

/** Prints the tables of what is finished. */
async function show(finished: readonly FinishedUnit[], flags: Flags): Promise<void> {
  const results = resultsOf(finished)
  if (results.observations.length === 0) return
  const tables = aggregate(results.observations)
  if (flags.html !== undefined) {
    await writeFileAtomic(flags.html, await resultsReport(tables, results))
    process.stderr.write(`page  ${flags.html}\n`)
  }
  process.stdout.write(
    flags.json
      ? `${JSON.stringify(jsonOf(tables, results))}\n`
      : `\n${textOf(sheetsOf(tables), process.stdout.columns)}`,
  )
}
