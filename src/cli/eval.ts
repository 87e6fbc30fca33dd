import { stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { Command, Option } from 'commander'
import { type ClassSelection, selectClasses } from '../core/data/base-novel.js'
import { UserError } from '../core/errors.js'
import { type Classifier, zeroShotClassifier } from '../core/evaluate/classifier.js'
import { createClassifier } from '../core/evaluate/create-classifier.js'
import { evaluateClassifier } from '../core/evaluate/evaluate.js'
import { evaluateViews, testViews } from '../core/evaluate/evaluate-views.js'
import { evaluationNotes } from '../core/evaluate/evaluation-notes.js'
import { templatesFor } from '../core/evaluate/zero-shot.js'
import { rejectionOf } from '../core/run/held-out-figures.js'
import { evaluationName } from '../core/run/run-files.js'
import { writeFileAtomic } from '../node/files/atomic.js'
import { exifOfRun, framesOfRun } from '../node/run.js'
import { environment } from '../node/runs/environment.js'
import { readHeldOutFigures } from '../node/runs/threshold.js'
import { evaluationReport } from '../pages/evaluation-report.js'
import { classNamesOption, type DataOptions, openData, rootOption, skipBadImagesOption } from './data.js'
import { evaluationFigures, figuresJson, type KeptFigures, printEvaluation } from './evaluation-text.js'
import { warn } from './fail.js'
import { interruptible } from './interrupt.js'
import { modelOfRunOption, openRun, type RunFlags } from './open-run.js'
import {
  activationOption,
  deviceOption,
  exifOption,
  precisionOption,
  threadsOption,
  viewsOption,
  withCacheOption,
} from './options.js'
import {
  calibrationOf,
  calibrationText,
  measureOther,
  openOther,
  otherText,
  type RangeFigures,
  rangeCalibrationOf,
  rangeText,
} from './other-images.js'
import { startProgress } from './progress.js'
import { type OtherFlags, withOtherOptions } from './rejection-options.js'

interface EvalFlags extends DataOptions, OtherFlags, RunFlags {
  readonly classes: ClassSelection
  readonly skipBadImages?: boolean
  readonly views?: readonly [samplings: number, crops: number]
  readonly logitRange?: boolean
  readonly html?: string
  readonly json?: boolean
}

const examples = `
Examples:
  $ promptsrc eval runs/photos photos
  $ promptsrc eval runs/photos photos --classes novel      classes that were not trained
  $ promptsrc eval runs/photos other-photos --json > figures.json
  $ promptsrc eval runs/photos photos --other holiday-photos
      how well images of something else, holiday-photos/<any name>/*.jpg, are told apart (docs/none-of-these.md)
  $ promptsrc eval runs/clips clips --views 4,3
      each clip by twelve views, four samplings of its frames in three crops (docs/video.md)`

/** `promptsrc eval`: accuracy of a run on the test images of a data set. */
export function evalCommand(): Command {
  const command = new Command('eval')
    .argument('<run>', 'run directory')
    .argument('<data>', 'folder of images, see `promptsrc train --help`')
    .addOption(
      new Option('--classes <which>', 'classes to choose among')
        .choices(['all', 'base', 'novel'])
        .default('all'),
    )
    .addOption(modelOfRunOption())
    .addOption(activationOption())
    .addOption(rootOption())
    .addOption(classNamesOption())
    .addOption(exifOption())
    .addOption(skipBadImagesOption())
    .addOption(threadsOption())
    .addOption(deviceOption())
    .addOption(precisionOption())
    .addOption(viewsOption().conflicts(['other', 'logitRange', 'html']))
    .option('--logit-range', 'also the calibration error with logits in the range of zero-shot CLIP’s')
    .option('--html <file>', 'also write a page with the figures')
    .option('--json', 'print the figures as JSON')
  return withCacheOption(withOtherOptions(command)).addHelpText('after', examples).action(evaluate)
}

async function evaluate(runPath: string, dataPath: string, flags: EvalFlags): Promise<void> {
  const signal = interruptible('Interrupted.')
  const exif = flags.exif ?? (await exifOfRun(runPath))
  const frames = await framesOfRun(runPath)
  const dataset = await openData(dataPath, { ...flags, exif, frames, signal })
  const { classNames, test, train, name } = selectClasses(dataset, flags.classes)
  // A set without test images, such as one split by folder name alone, is measured as a whole.
  const images = test.length > 0 ? test : train
  const others = await openOther({ ...flags, exif, frames }, classNames, signal)
  const kept = await readHeldOutFigures(runPath)
  const run = await openRun(runPath, flags, signal)
  try {
    await using classifier = await createClassifier(run, { classNames })
    const views = flags.views && testViews(...flags.views)
    const measure = (name: string, by: Classifier) => {
      const bar = startProgress(name, images.length * (views?.length ?? 1))
      const options = {
        skipBadImages: flags.skipBadImages ?? false,
        signal,
        onProgress: (done: number) => bar.update(done),
      }
      const evaluation = views
        ? evaluateViews(by, images, views, options)
        : evaluateClassifier(by, images, options)
      return evaluation.finally(() => bar.stop())
    }
    const evaluation = await measure('evaluating', classifier)
    const measured = { name, classNames, images: images.length, trainingImages: test.length === 0 }
    const notes = evaluationNotes(measured, run.prompts.classNames)
    const calibration = kept && !views && calibrationOf(evaluation, classNames.length, kept.temperature)
    let range: RangeFigures | undefined
    if (flags.logitRange) {
      const { clip, runtime, caches } = run.model
      const templates = templatesFor({ kind: 'dataset' }, dataset)
      await using frozen = await zeroShotClassifier({ clip, runtime, caches, classNames }, templates)
      range = rangeCalibrationOf(evaluation, await measure('zero-shot CLIP', frozen), classNames.length)
    }
    const rejection = await rejectionOf(run, kept, classNames.length)
    const other =
      others &&
      (await measureOther(
        { classifier, clip: run.model.clip, evaluation, others, ...rejection },
        {
          skipBadImages: flags.skipBadImages ?? false,
          signal,
        },
      ))
    const facts = {
      exif: dataset.exif ?? null,
      ...(views ? { views: flags.views } : {}),
      ...(calibration ? { calibration } : {}),
      ...(range ? { logitRange: range } : {}),
      ...(other ? { other } : {}),
    }
    const output = { data: name, classes: flags.classes, classNames, evaluation, facts, notes }
    printEvaluation(output, { json: flags.json ?? false })
    if (!flags.json) {
      process.stdout.write(
        (calibration ? calibrationText(calibration) : '') +
          (range ? rangeText(range) : '') +
          (other ? otherText(other) : ''),
      )
    }
    // Its figures are others than those that the run is known by.
    if (!views) await keep(runPath, evaluationName(name, flags.classes), evaluationFigures(output))
    if (flags.html !== undefined) {
      const subject = run.prompts.method.title
      const shown = { run: runPath, classes: flags.classes, exif: facts.exif, model: run.prompts.model.name }
      const page = { subject, data: name, classNames, evaluation, others: other, notes, facts: shown }
      await writeFileAtomic(flags.html, await evaluationReport({ ...page, environment: environment() }))
      process.stderr.write(`page  ${flags.html}\n`)
    }
  } finally {
    await run.model.close()
  }
}

/** Keeps figures in the run directory. They have been shown already, so a directory that cannot be written is no error. */
async function keep(runPath: string, name: string, figures: KeptFigures): Promise<void> {
  const isDirectory = (await stat(runPath)).isDirectory()
  const path = join(isDirectory ? runPath : dirname(runPath), name)
  try {
    await writeFileAtomic(path, figuresJson(figures))
  } catch (error) {
    if (!(error instanceof UserError)) throw error
    warn(error.message)
  }
}
