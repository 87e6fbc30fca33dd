import { join, relative } from 'node:path'
import { type Command, Option } from 'commander'
import type { Dataset } from '../core/data/dataset.js'
import type { Model } from '../core/model.js'
import type { Comparison, ComparisonOptions } from '../lab/plans/comparison.js'
import type { Entry } from '../lab/plans/entries.js'
import { formatTable } from '../lab/results/formats/text-table.js'
import type { ComparisonReportOptions } from '../pages/comparison-report.js'
import { type DataOptions, lastingPath, openData, rootOption } from './data.js'
import { downloadBars } from './download-progress.js'
import { failFor } from './failed-runs.js'
import { interruptible } from './interrupt.js'
import { positiveNumber, seedsOption, wholeNumber, withCacheOption } from './options.js'
import { type Progress, startProgress } from './progress.js'
import { accuracies } from './unit-text.js'

/** Options of the commands that compare rows over seeds. */
export interface ComparisonFlags extends DataOptions {
  readonly model: string
  readonly seeds: readonly number[]
  readonly shots?: number
  readonly epochs?: number
  readonly batchSize?: number
  readonly lr?: number
  readonly out?: string
  readonly skipBadImages?: boolean
  readonly threads?: number
  readonly json?: boolean
  readonly markdown?: boolean
}

/** Adds the options of {@link ComparisonFlags}. */
export function withComparisonOptions(command: Command, out: string): Command {
  return withCacheOption(command)
    .option(
      '--model <model>',
      'tiny, a file or folder, an OpenAI name (ViT-B/16) or a Hugging Face repository',
      'tiny',
    )
    .addOption(seedsOption())
    .option('--shots <n>', 'images a class (default: each method’s, 16)', wholeNumber(1))
    .option('--epochs <n>', 'passes over the images (default: each method’s)', wholeNumber(1))
    .option('--batch-size <n>', 'images a step (default: each method’s)', wholeNumber(1))
    .option('--lr <rate>', 'learning rate (default: each method’s)', positiveNumber)
    .option('--out <folder>', `folder of runs, figures and report (default: ${out})`)
    .addOption(rootOption())
    .option('--class-names <file>', 'class names: a line a class, or folder: name')
    .option('--skip-bad-images', 'leave out images that cannot be read, and list them')
    .option('--threads <n>', 'threads of ONNX Runtime (default: one a core)', wholeNumber(1))
    .addOption(new Option('--json', 'print the figures as JSON').conflicts('markdown'))
    .option('--markdown', 'print the figures as Markdown')
}

/** A comparison as a command names it. */
interface Task {
  /** Data set: a folder or the name of a drawn one. */
  readonly path: string
  readonly title: (dataset: Dataset) => string
  readonly out: (dataset: Dataset) => string
  /** Rows; `embedded` says whether model and data are the embedded ones. */
  readonly entries: (embedded: boolean) => readonly Entry[]
}

/** Compares, prints the figures and writes `comparison.json`, `comparison.md` and `report.html`. */
export async function compareAndPrint(task: Task, flags: ComparisonFlags): Promise<void> {
  const dataset = await openData(task.path, flags)
  const dataPath = await lastingPath(task.path, flags)
  const { isListName } = await import('../node/data/listed-rows.js')
  const dataRoot = flags.root !== undefined && isListName(task.path) ? { dataRoot: flags.root } : {}
  const { isEmbedded } = await import('../lab/plans/entries.js')
  const entries = task
    .entries(isEmbedded(flags.model, dataset.name))
    .map((entry) => ({ ...entry, settings: { ...entry.settings, ...overrides(flags) } }))
  const out = flags.out ?? task.out(dataset)
  const title = task.title(dataset)
  const options = { ...(await commonOptions(flags, out)), entries, seeds: flags.seeds, data: dataset }
  const comparison = await compareWithProgress({ ...options, dataPath, ...dataRoot })
  const [{ comparisonJson }, tables, { writeFileAtomic }] = await Promise.all([
    import('../lab/plans/comparison-json.js'),
    import('../lab/plans/tables.js'),
    import('../node/files/atomic.js'),
  ])
  const json = comparisonJson(comparison, { ...options, dataPath })
  const markdown = tables.markdown(title, comparison)
  await writeFileAtomic(`${out}/comparison.json`, `${JSON.stringify(json, null, 2)}\n`)
  await writeFileAtomic(`${out}/comparison.md`, markdown)
  const measured = json.rows.length > 0
  const report = measured
    ? await writeReport(comparison, out, { ...options, title, subtitle: subtitle(options) })
    : undefined
  if (flags.json) process.stdout.write(`${JSON.stringify(json)}\n`)
  else if (flags.markdown) process.stdout.write(markdown)
  else if (report) {
    const shown = [tables.figureTable(comparison), tables.intervalTable(comparison)].flatMap((table) =>
      table ? [formatTable(table.head, table.rows)] : [],
    )
    process.stdout.write(`\n${[...shown, tables.legend.join('\n')].join('\n\n')}\n\n`)
    process.stdout.write(`report  ${relative('.', report)}\n`)
  }
  await throwFailure(comparison)
}

/** Writes `report.html` of a comparison; returns its path. */
export async function writeReport(
  comparison: Comparison,
  out: string,
  options: Omit<ComparisonReportOptions, 'epochsOf' | 'environment'>,
): Promise<string> {
  const [{ comparisonReport }, { readEpochs }, { environment }, { writeFileAtomic }] = await Promise.all([
    import('../pages/comparison-report.js'),
    import('../lab/results/training-curves.js'),
    import('../node/runs/environment.js'),
    import('../node/files/atomic.js'),
  ])
  const page = await comparisonReport(comparison, {
    ...options,
    epochsOf: readEpochs,
    environment: environment(),
  })
  const path = join(out, 'report.html')
  await writeFileAtomic(path, page)
  return path
}

/** Ends a command whose comparison has failed runs: lists them and throws. */
export async function throwFailure(comparison: Comparison): Promise<void> {
  const { failureLines } = await import('../lab/plans/tables.js')
  failFor(failureLines(comparison), comparison.units.length)
}

/** The options that do not depend on rows and data. The model is loaded once, to fetch and to identify it. */
export async function commonOptions(
  flags: Pick<ComparisonFlags, 'model' | 'threads' | 'skipBadImages' | 'classNames'>,
  out: string,
) {
  const signal = interruptible('Interrupted. The same call goes on; finished runs are not repeated.')
  const bars = downloadBars()
  const { loadModel } = await import('../node/model.js')
  const model: Model = await loadModel(flags.model, { signal, onProgress: bars.onProgress })
  bars.stop()
  const sha256 = await model.hash().finally(() => model.close())
  return {
    model: { name: flags.model, sha256 },
    out,
    signal,
    ...(flags.threads ? { threads: flags.threads } : {}),
    ...(flags.classNames ? { classNames: flags.classNames } : {}),
    ...(flags.skipBadImages ? { skipBadImages: true } : {}),
  }
}

/** Compares with a bar over all runs, and a line for each that ends. */
export async function compareWithProgress(options: ComparisonOptions): Promise<Comparison> {
  const { runComparison } = await import('../lab/plans/comparison.js')
  let bar: Progress | undefined
  let since = performance.now()
  let reused = 0
  const comparison = await runComparison({
    ...options,
    onProgress({ done, total, label, seed, ended }) {
      const name = seed === null ? label : `${label}, seed ${seed}`
      bar ??= startProgress('comparing', total)
      bar.update(done, name)
      if (!ended) return
      if (ended.reused) reused++
      else bar.say(`${name}: ${outcome(ended)}, ${((performance.now() - since) / 1000).toFixed(0)} s`)
      since = performance.now()
    },
  }).finally(() => bar?.stop())
  if (reused > 0) {
    const count = `${reused} of ${comparison.units.length} runs were done before`
    process.stderr.write(`${count}; to repeat them, choose another --out or remove ${options.out}.\n`)
  }
  return comparison
}

function outcome({ result }: Comparison['units'][number]): string {
  if (!result) return 'failed'
  return accuracies(result)
}

const overrides = ({ shots, epochs, batchSize, lr }: ComparisonFlags): Entry['settings'] => ({
  ...(shots === undefined ? {} : { shots }),
  ...(epochs === undefined ? {} : { epochs }),
  ...(batchSize === undefined ? {} : { batchSize }),
  ...(lr === undefined ? {} : { learningRate: lr }),
})

function subtitle({ model, data, seeds }: Pick<ComparisonOptions, 'model' | 'data' | 'seeds'>): string {
  return `${model.name} on ${data.name}, ${data.classNames.length} classes: trained on the first half, measured on both. ${seeds.length === 1 ? 'Seed' : 'Seeds'} ${seeds.join(', ')}.`
}
