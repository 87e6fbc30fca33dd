import { join, relative } from 'node:path'
import { type Command, Option } from 'commander'
import type { Dataset } from '../core/data/dataset.js'
import { ConfigError } from '../core/errors.js'
import { runFiles } from '../core/run/run-files.js'
import { modelOfWorld, type World } from '../core/world/worlds.js'
import { baselineNamed } from '../lab/baselines.js'
import { localEngine } from '../lab/engines/local.js'
import { type ComparisonOptions, planComparison } from '../lab/plans/comparison.js'
import type { FinishedUnit } from '../lab/plans/do-units.js'
import { drawsOf, isDrawable } from '../lab/plans/draws.js'
import { embeddedWorld } from '../lab/plans/embedded.js'
import type { Entry, EntrySettings } from '../lab/plans/entries.js'
import type { OpenedData } from '../lab/plans/plan.js'
import { type ComparedRow, comparedRows } from '../lab/results/compared-rows.js'
import {
  comparisonJson,
  comparisonMarkdown,
  comparisonText,
  failureLines,
} from '../lab/results/formats/comparison.js'
import { readEpochs } from '../lab/results/training-curves.js'
import { KeptProcesses } from '../lab/units/spawn-unit.js'
import { unitCommand } from '../lab/units/unit-command.js'
import { isListName } from '../node/data/listed-rows.js'
import { isNumberedLists } from '../node/data/numbered-lists.js'
import { writeFileAtomic } from '../node/files/atomic.js'
import { environment } from '../node/runs/environment.js'
import { type ComparisonReportOptions, comparisonReport } from '../pages/comparison-report.js'
import {
  classNamesOption,
  type DataOptions,
  lastingPath,
  openData,
  rootOption,
  skipBadImagesOption,
} from './data.js'
import {
  activationOption,
  deviceOption,
  exifOption,
  type ModelFlags,
  positiveNumber,
  precisionOption,
  seedsOption,
  threadsOption,
  wholeNumber,
  withCacheOption,
  withModelOption,
} from './options.js'
import { failFor, identified, Work } from './work.js'

/** Options of the commands that compare rows over seeds. */
export interface ComparisonFlags extends DataOptions, ModelFlags {
  readonly model: string
  readonly seeds: readonly number[]
  readonly draws?: number
  readonly shots?: number
  readonly epochs?: number
  readonly batchSize?: number
  readonly lr?: number
  readonly out?: string
  readonly skipBadImages?: boolean
  readonly json?: boolean
  readonly markdown?: boolean
}

/** Adds the argument of the data and the options of {@link ComparisonFlags}. */
export function withComparisonOptions(command: Command, out: string): Command {
  const withData = command
    .argument(
      '[data]',
      'folder of images, see `promptsrc train --help`, or a drawn set (default: emoji-food; toy with --model tiny)',
    )
    .hook('preAction', (called) => {
      called.processedArgs[0] ??= called.getOptionValue('model') === modelOfWorld.toy ? 'toy' : 'emoji-food'
    })
  return withCacheOption(withModelOption(withData))
    .addOption(activationOption())
    .addOption(seedsOption())
    .option('--draws <n>', 'draws of an emoji set: other classes, drawings and scenes', wholeNumber(1))
    .option('--shots <n>', 'images a class (default: each method’s, 16)', wholeNumber(1))
    .option('--epochs <n>', 'passes over the images (default: each method’s)', wholeNumber(1))
    .option('--batch-size <n>', 'images a step (default: each method’s)', wholeNumber(1))
    .option('--lr <rate>', 'learning rate (default: each method’s)', positiveNumber)
    .option('--out <folder>', `folder of runs, figures and report (default: ${out})`)
    .addOption(rootOption())
    .addOption(classNamesOption())
    .addOption(exifOption())
    .addOption(skipBadImagesOption())
    .addOption(threadsOption())
    .addOption(deviceOption())
    .addOption(precisionOption())
    .addOption(new Option('--json', 'print the figures as JSON').conflicts('markdown'))
    .option('--markdown', 'print the figures as Markdown')
}

/** A comparison as a command names it. */
interface Task {
  /** Data set: a folder or the name of a drawn one. */
  readonly path: string
  readonly title: (dataset: Dataset) => string
  readonly out: (dataset: Dataset) => string
  /** Rows; `embedded` is the world that model and data are both of. */
  readonly entries: (embedded: World | undefined) => readonly Entry[]
}

/** Compares, prints the figures and writes `comparison.json`, `comparison.md` and `report.html`. */
export async function compareAndPrint(task: Task, flags: ComparisonFlags): Promise<void> {
  const { seeds } = flags
  const opened = await openDraws(task.path, flags)
  const { dataset: data, reference } = opened[0]!
  const { path } = reference
  const entries = task
    .entries(embeddedWorld(flags.model, data.name))
    .map((entry) => ({ ...entry, settings: { ...entry.settings, ...overrides(flags) } }))
  const out = flags.out ?? task.out(data)
  const title = task.title(data)
  const compared = await compare(
    {
      entries,
      seeds,
      data: opened,
      ...(flags.skipBadImages ? { skipBadImages: true } : {}),
      out,
    },
    flags,
  )
  const { rows, model, units } = compared
  const shown = {
    data: { name: data.name, path, classNames: data.classNames },
    ...(flags.draws === undefined ? {} : { draws: opened.map(({ dataset: { name } }) => name) }),
    model,
    seeds,
    out,
  }
  const json = comparisonJson(shown, rows, units)
  const markdown = comparisonMarkdown(title, rows, units)
  await writeFileAtomic(`${out}/comparison.json`, `${JSON.stringify(json, null, 2)}\n`)
  await writeFileAtomic(`${out}/comparison.md`, markdown)
  const subject = opened.length > 1 ? `${opened.length} draws of ${task.path}` : data.name
  const subtitle = `${model.name} on ${subject}, ${data.classNames.length} classes: trained on the first half, measured on both. ${seeds.length === 1 ? 'Seed' : 'Seeds'} ${seeds.join(', ')}.`
  const report =
    rows.length > 0
      ? await writeReport(out, {
          ...compared,
          title,
          subtitle,
          seeds,
          data: opened.map(({ dataset }) => dataset),
        })
      : undefined
  if (flags.json) process.stdout.write(`${JSON.stringify(json)}\n`)
  else if (flags.markdown) process.stdout.write(markdown)
  else if (report) {
    process.stdout.write(`\n${comparisonText(rows)}\n\nreport  ${relative('.', report)}\n`)
  }
  throwFailure(units)
}

/** The data set, or so many draws of it. Throws ConfigError for data that cannot be drawn anew. */
async function openDraws(path: string, flags: ComparisonFlags): Promise<OpenedData[]> {
  const { root, classNames, draws } = flags
  if (draws !== undefined && !isDrawable(path)) {
    throw new ConfigError(`--draws ${draws}: ${path} cannot be drawn anew`, {
      hint: 'Name an emoji set without a draw, as emoji-food, or leave the option out.',
    })
  }
  const names = draws === undefined ? [path] : drawsOf(path, draws)
  return Promise.all(
    names.map(async (name) => ({
      dataset: await openData(name, flags),
      reference: {
        path: await lastingPath(name, flags),
        ...(root !== undefined && (isListName(name) || isNumberedLists(name)) ? { root } : {}),
        ...(classNames === undefined ? {} : { classNames }),
      },
    })),
  )
}

/** What was done of a comparison. */
interface Compared {
  readonly units: readonly FinishedUnit[]
  /** Those that have a finished unit. */
  readonly rows: readonly ComparedRow[]
  readonly model: ComparisonOptions['model']
}

/** Does a comparison, with a live table of its runs. */
export async function compare(
  options: Omit<ComparisonOptions, 'model'>,
  {
    threads,
    device,
    precision,
    jobs = 1,
    accuraciesAlone = false,
    ...flags
  }: Pick<ComparisonFlags, 'activation' | 'threads' | 'device' | 'precision'> & {
    readonly model: string
    readonly jobs?: number
    /** Seconds a step and memory are not asked for, so that runs may share a process, and wait for the longest no more than they must. */
    readonly accuraciesAlone?: boolean
  },
): Promise<Compared> {
  // Where seconds a step and memory are among the figures, nothing else may run meanwhile.
  const processes = accuraciesAlone ? new KeptProcesses() : undefined
  const work = new Work(
    localEngine({
      jobs,
      command: unitCommand({ device, precision }),
      ...(processes ? { spawn: processes.spawn } : {}),
    }),
  )
  const model = await identified(flags, work.signal)
  const planned = await planComparison({ ...options, model })
  const [short, long] = [true, false].map((is) => planned.filter(({ entry }) => isBaseline(entry) === is))
  const done = await work
    .do(processes ? [...long!, ...short!] : planned, {
      threads,
      advice: `; to repeat them, choose another --out or remove ${options.out}.`,
    })
    .finally(() => processes?.end())
  const units = planned.map(({ folder }) => done.find((unit) => unit.folder === folder)!)
  return { units, rows: comparedRows(units), model }
}

/** Writes `report.html` of a comparison; returns its path. */
export async function writeReport(
  out: string,
  options: Omit<ComparisonReportOptions, 'epochsOf' | 'environment'>,
): Promise<string> {
  const page = await comparisonReport({ ...options, epochsOf: readEpochs, environment: environment() })
  const path = join(out, runFiles.report)
  await writeFileAtomic(path, page)
  return path
}

/** Ends a command whose comparison has failed runs: lists them and throws. */
export const throwFailure = (units: readonly FinishedUnit[]): void =>
  failFor(failureLines(units), units.length)

const isBaseline = ({ method }: Entry): boolean => baselineNamed(method) !== undefined

const overrides = ({ shots, epochs, batchSize, lr }: ComparisonFlags): EntrySettings => ({
  ...(shots === undefined ? {} : { shots }),
  ...(epochs === undefined ? {} : { epochs }),
  ...(batchSize === undefined ? {} : { batchSize }),
  ...(lr === undefined ? {} : { learningRate: lr }),
})
