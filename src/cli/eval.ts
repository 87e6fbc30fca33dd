import { stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { Command, Option } from 'commander'
import { type ClassSelection, selectClasses } from '../data/base-novel.js'
import { DataError, UserError } from '../errors.js'
import { type Evaluation, evaluateClassifier } from '../evaluate/evaluate.js'
import { writeFileAtomic } from '../files/atomic.js'
import { createClassifier, loadRun } from '../run.js'
import { type DataOptions, openData, rootOption } from './data.js'
import { downloadBars } from './download-progress.js'
import { interruptible } from './interrupt.js'
import { wholeNumber } from './options.js'
import { startProgress } from './progress.js'
import { formatTable } from './table.js'

interface EvalFlags extends DataOptions {
  readonly classes: ClassSelection
  readonly model?: string
  readonly skipBadImages?: boolean
  readonly threads?: number
  readonly json?: boolean
}

const examples = `
Examples:
  $ promptsrc eval runs/photos photos
  $ promptsrc eval runs/photos photos --classes novel      classes that were not trained
  $ promptsrc eval runs/photos other-photos --json > figures.json`

/** `promptsrc eval`: accuracy of a run on the test images of a data set. */
export function evalCommand(): Command {
  return new Command('eval')
    .description('measure a run on the test images of a data set')
    .argument('<run>', 'run directory')
    .argument('<data>', 'folder of images, see `promptsrc train --help`')
    .addOption(
      new Option('--classes <which>', 'classes to choose among')
        .choices(['all', 'base', 'novel'])
        .default('all'),
    )
    .option('--model <model>', 'where the model is, if not where the run says')
    .addOption(rootOption())
    .option('--class-names <file>', 'class names: a line a class, or folder: name')
    .option('--skip-bad-images', 'leave out images that cannot be read, and list them')
    .option('--threads <n>', 'threads of ONNX Runtime (default: one a core)', wholeNumber(1))
    .option('--json', 'print the figures as JSON')
    .addHelpText('after', examples)
    .action(evaluate)
}

async function evaluate(runPath: string, dataPath: string, flags: EvalFlags): Promise<void> {
  const signal = interruptible('Interrupted.')
  const { classNames, test, train, name } = selectClasses(await openData(dataPath, flags), flags.classes)
  // A set without test images, such as one split by folder name alone, is measured as a whole.
  const images = test.length > 0 ? test : train
  const bars = downloadBars()
  const run = await loadRun(runPath, {
    signal,
    onProgress: bars.onProgress,
    ...(flags.model ? { model: flags.model } : {}),
    ...(flags.threads ? { threads: flags.threads } : {}),
  })
  bars.stop()
  try {
    const classifier = await createClassifier(run, { classNames })
    const bar = startProgress('evaluating', images.length)
    const evaluation = await evaluateClassifier(classifier, images, {
      resolution: run.model.clip.resolution,
      skipBadImages: flags.skipBadImages ?? false,
      signal,
      onProgress: (done) => bar.update(done),
    }).finally(() => bar.stop())
    for (const message of evaluation.skipped) process.stderr.write(`left out: ${message}\n`)
    if (evaluation.metrics.count === 0) {
      throw new DataError(`${dataPath}: no image to measure`, {
        hint: 'Check the images of the test classes.',
      })
    }
    const figures = {
      data: name,
      classes: flags.classes,
      classNames,
      ...evaluation.metrics,
      skipped: evaluation.skipped,
    }
    process.stdout.write(flags.json ? `${JSON.stringify(figures)}\n` : summary(classNames, evaluation))
    await keep(runPath, `eval-${name}-${flags.classes}.json`, figures)
  } finally {
    await run.model.close()
  }
}

/** Keeps figures in the run directory. They have been shown already, so a directory that cannot be written is no error. */
async function keep(runPath: string, name: string, figures: object): Promise<void> {
  const isDirectory = (await stat(runPath)).isDirectory()
  const path = join(isDirectory ? runPath : dirname(runPath), name)
  try {
    await writeFileAtomic(path, `${JSON.stringify(figures, null, 2)}\n`)
  } catch (error) {
    if (!(error instanceof UserError)) throw error
    process.stderr.write(`warning: ${error.message}\n`)
  }
}

/** Figures for a person: totals, accuracy by class, and the pairs most often confused. */
function summary(classNames: readonly string[], { metrics }: Evaluation): string {
  const percent = (value: number | null) => (value === null ? '-' : value.toFixed(1))
  const totals = [
    `images      ${metrics.count}`,
    `accuracy    ${percent(metrics.accuracy)} %`,
    `macro F1    ${percent(metrics.macroF1)} %`,
    `ECE         ${percent(metrics.expectedCalibrationError)} %`,
  ]
  const perClass = classNames.map((name, i) => {
    const total = metrics.confusion[i]!.reduce((a, b) => a + b, 0)
    return [name, `${total}`, percent(metrics.perClassAccuracy[i]!)]
  })
  const confusions = classNames
    .flatMap((truth, i) =>
      classNames.map((seen, j) => ({ truth, seen, n: i === j ? 0 : metrics.confusion[i]![j]! })),
    )
    .filter(({ n }) => n > 0)
    .sort((a, b) => b.n - a.n)
    .slice(0, 5)
    .map(({ truth, seen, n }) => `  ${truth} taken for ${seen}: ${n}`)
  const parts = [totals.join('\n'), formatTable(['class', 'images', 'accuracy %'], perClass)]
  if (confusions.length > 0) parts.push(`most frequent confusions\n${confusions.join('\n')}`)
  return `${parts.join('\n\n')}\n`
}
