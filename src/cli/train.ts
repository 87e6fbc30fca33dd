import { join, relative, resolve } from 'node:path'
import { Command, Option } from 'commander'
import { counted } from '../core/counted.js'
import { selectClasses } from '../core/data/base-novel.js'
import type { Datum } from '../core/data/dataset.js'
import { UserError } from '../core/errors.js'
import { createClassifier, type Run } from '../core/evaluate/create-classifier.js'
import { evaluateClassifier } from '../core/evaluate/evaluate.js'
import { evaluationNotes } from '../core/evaluate/evaluation-notes.js'
import { methods } from '../core/methods/registry.js'
import type { Model } from '../core/model.js'
import { optionsOf } from '../core/model-reference.js'
import { runFiles } from '../core/run/run-files.js'
import { defaultModel, worldOf } from '../core/world/worlds.js'
import { printable } from '../lab/results/formats/printable.js'
import { readEpochs } from '../lab/results/training-curves.js'
import { writeFileAtomic } from '../node/files/atomic.js'
import { refuseForeignRepository } from '../node/hub/resolve-model.js'
import { loadModel } from '../node/model.js'
import { environment } from '../node/runs/environment.js'
import { readRunConfig } from '../node/runs/run-directory.js'
import { type TrainReportOptions, trainReport } from '../pages/train-report.js'
import { classNamesOption, framesOption, lastingPath, rootOption, skipBadImagesOption } from './data.js'
import { showingDownloads } from './download-progress.js'
import { figuresJson } from './evaluation-text.js'
import { warn } from './fail.js'
import { fastDefault, fastMethods } from './fast.js'
import { interruptible } from './interrupt.js'
import {
  activationOption,
  deviceOption,
  exifOption,
  modelFrom,
  oneOf,
  positiveNumber,
  precisionOption,
  repeated,
  threadsOption,
  wholeNumber,
  withCacheOption,
} from './options.js'
import { startProgress } from './progress.js'
import { setThreshold } from './set-threshold.js'
import { trainShown } from './train-progress.js'
import { checkImageSize, interruption, type Task, type TrainFlags, taskOf } from './train-task.js'

const examples = `
Examples:
  $ promptsrc train photos --model ViT-B/16 --out runs/photos
      photos/<class>/*.jpg, 16 images a class, PromptSRC with its published settings
  $ promptsrc train photos --model ViT-B/16 --fast
      learns from frozen features (prolip), in the time of computing these twice; it knows added classes as well
  $ promptsrc train photos --model ViT-B/16 --fast gda
      the same by the method that tells the trained classes apart best, and seldom names others beside them
  $ promptsrc train photos --model ViT-B/16 --classes base --seed 2 --shots 4
  $ promptsrc train --method protext --texts birds.json --model ViT-B/16 --out runs/birds
      learns from sentences, without photos: {"class name": ["a sentence about it.", …], …}
  $ promptsrc train photos.csv --model ViT-B/16
      lines of path,class or path,class,split
  $ promptsrc train photos --config promptsrc/vit_b16_c2_ep20_batch4_4+4ctx_cross_datasets
  $ promptsrc train photos --config my.yaml --seed 2 OPTIM.LR 0.001 DATASET.NUM_SHOTS 4
      a published configuration, and a YAML file of the Python code with two values changed
  $ promptsrc train OxfordPets --root datasets --model ViT-B/16 --classes base
      a published data set, in datasets/oxford_pets as docs/datasets.md shows
  $ promptsrc train clips --model ViT-B/16 --frames 8
      clips/<class>/*.mp4, or clips/<class>/<clip>/*.jpg: a folder of frames a clip (docs/video.md)
  $ promptsrc train hmdb51.yaml --root videos --model ViT-B/16 --frames 32
      published lists of clips, "path label" a line, that the YAML file names
  $ promptsrc train --resume --out runs/photos
      continues a run that was interrupted
  $ promptsrc train toy --model tiny --out runs/toy
      the embedded model on a drawn data set, offline, in about half a minute

Configurations (see \`promptsrc configs\`):
  Options given here win over KEY VALUE pairs, these over --config (of several, over the earlier ones), and that
  over the method’s own defaults. What a configuration leaves out has the default of the Python code.`

/** `promptsrc train`: learns prompts from few images a class. */
export function trainCommand(): Command {
  const command = new Command('train')
    .argument(
      '[data]',
      'folder DATA/<class>/*.jpg or DATA/{train,test}/<class>/*.jpg, a CSV, JSON-lines or YAML list, a published or drawn set',
    )
    .argument('[KEY VALUE...]', 'keys of --config with other values, such as OPTIM.LR 0.001')
    .option('--config <file|name>', 'YAML file of the Python code, or a published one; repeatable', repeated)
    .option(
      '--model <model>',
      'tiny, emoji, a file or folder, an OpenAI name (ViT-B/16) or a Hugging Face repository (default: tiny; emoji for its data sets)',
    )
    .addOption(activationOption())
    .option(
      '--method <name>',
      `method: ${Object.keys(methods).join(', ')} (default: promptsrc)`,
      oneOf(Object.keys(methods)),
    )
    .addOption(
      new Option(
        '--fast [method]',
        `learn from frozen features: ${fastMethods().join(', ')} (default: ${fastDefault})`,
      ).conflicts(['method', 'config', 'resume']),
    )
    .option(
      '--texts <file>',
      'JSON file of sentences about the classes, for methods that learn from them; without DATA its classes are trained',
    )
    .addOption(
      new Option('--classes <which>', 'classes to train on (default: all)').choices(['all', 'base', 'novel']),
    )
    .option('--shots <n>', 'images a class (default: the method’s)', wholeNumber(1))
    .option('--seed <n>', 'seed of everything random (default: 1)', wholeNumber(0))
    .option('--epochs <n>', 'passes over the images (default: the method’s)', wholeNumber(1))
    .option('--batch-size <n>', 'images a step (default: the method’s)', wholeNumber(1))
    .option('--lr <rate>', 'learning rate (default: the method’s)', positiveNumber)
    .option('--set <key=value>', 'an option of the method, such as textLossWeight=10; repeatable', repeated)
    .option(
      '--views <n>',
      'approximate: views of every image in turn, so that frozen features are computed once a view (default: a view an epoch)',
      wholeNumber(1),
    )
    .addOption(framesOption())
    .option('--out <run>', 'run directory (default: runs/<data>-<method>-seed<n>)')
    .option('--resume', 'continue the run in --out')
    .addOption(new Option('--overwrite', 'replace the run in --out').conflicts('resume'))
    .addOption(rootOption())
    .addOption(classNamesOption())
    .addOption(exifOption())
    .addOption(skipBadImagesOption())
    .addOption(threadsOption())
    .addOption(deviceOption())
    .addOption(precisionOption())
    .option(
      '--memory <GB>',
      'gigabytes to stay below with many classes, in longer steps (default: three quarters of what there is)',
      positiveNumber,
    )
    .option('--json', 'print the figures as JSON')
  return withCacheOption(command).addHelpText('after', examples).action(train)
}

async function train(
  argument: string | undefined,
  pairs: readonly string[],
  flags: TrainFlags,
): Promise<void> {
  const task = await taskOf(argument, pairs, flags)
  const { path, texts, config, settings, dataset, out } = task
  const signal = interruptible(() => interruption(task, flags))
  await using model = await modelOf(task, flags, signal)
  if (config?.model && !flags.model) checkImageSize(config, model)
  const { resume = false, overwrite = false, skipBadImages = false } = flags
  const prompts = await trainShown({
    ...settings,
    model,
    data: dataset,
    ...(path === undefined ? {} : { dataPath: await lastingPath(path, flags) }),
    ...(texts === undefined ? {} : { textsPath: resolve(texts) }),
    out,
    resume,
    overwrite,
    skipBadImages,
    ...(flags.memory === undefined ? {} : { memory: 1e9 * flags.memory }),
    signal,
  })
  const run = { prompts, model }
  const { test } = selectClasses(dataset, settings.classes ?? 'all')
  const { threshold, evaluation } = await measure(run, task, { test, skipBadImages, signal })
  for (const message of evaluation?.skipped ?? []) warn(`left out: ${message}`)
  const measured = evaluation && evaluation.metrics.count > 0 ? evaluation : undefined
  const { classNames } = prompts
  const notes = evaluationNotes({
    name: dataset.name,
    classNames,
    images: test.length,
    trainingImages: false,
  })
  const report = await writeReport({ out, dataset, run, evaluation: measured, images: test, notes })
  const { metrics } = measured ?? {}
  if (flags.json) {
    process.stdout.write(
      `${JSON.stringify({ run: out, classes: classNames, exif: dataset.exif ?? null, test: metrics ?? null, noneOfThese: threshold.figures, report, notes })}\n`,
    )
    return
  }
  process.stdout.write(
    metrics
      ? `test accuracy ${metrics.accuracy.toFixed(1)} % on ${counted(metrics.count, 'image')}\n`
      : 'no accuracy: there are no test images\n',
  )
  process.stdout.write(`${printable(threshold.line)}\n`)
  for (const note of notes) process.stdout.write(`note: ${printable(note)}\n`)
  process.stdout.write(`run     ${out}\nreport  ${relative('.', report)}\n`)
}

async function modelOf(
  { config, begun, frames, dataset, out }: Task,
  flags: TrainFlags,
  signal: AbortSignal,
): Promise<Model> {
  if (begun && !flags.model && !config?.model) await refuseForeignRepository(out, begun.model.name)
  const chosen = flags.model ?? config?.model ?? begun?.model.name
  const name = chosen ?? defaultModel(dataset.name)
  if (chosen === undefined && worldOf(dataset.name) === undefined) {
    warn(`model ${name} knows drawn shapes alone; for photos name one by --model, such as ViT-B/16`, 'note')
  }
  return showingDownloads((onProgress) =>
    loadModel(name, {
      ...(begun ? optionsOf(begun.model) : {}),
      ...modelFrom({ ...flags, frames }),
      signal,
      onProgress,
    }),
  )
}

/** Sets the threshold of "none of these" on held-out images, and measures the test images. */
async function measure(
  run: Run,
  { dataset, out }: Task,
  { test, skipBadImages, signal }: { test: readonly Datum[]; skipBadImages: boolean; signal: AbortSignal },
) {
  await using classifier = await createClassifier(run)
  const evaluate = (name: string, images: readonly Datum[], skip: boolean) => {
    const bar = startProgress(name, images.length)
    return evaluateClassifier(classifier, images, {
      skipBadImages: skip,
      signal,
      onProgress: (done) => bar.update(done),
    }).finally(() => bar.stop())
  }
  const threshold = await setThreshold(out, { run, dataset }, (images) =>
    evaluate('held-out images', images, true),
  )
  const evaluation = test.length > 0 ? await evaluate('evaluating', test, skipBadImages) : undefined
  return { threshold, evaluation }
}

/** Writes `metrics.json` and `report.html` of a finished run; returns the report's path. */
async function writeReport({
  out,
  ...shown
}: Pick<TrainReportOptions, 'dataset' | 'run' | 'evaluation' | 'images' | 'notes'> & {
  out: string
}): Promise<string> {
  const { dataset, run, evaluation } = shown
  const { settings } = await configOfRun(out)
  if (evaluation) {
    const { metrics, skipped } = evaluation
    const figures = { data: dataset.name, classNames: run.prompts.classNames, ...metrics, skipped }
    await writeFileAtomic(join(out, runFiles.metrics), figuresJson(figures))
  }
  const page = await trainReport({
    ...shown,
    settings,
    epochs: await readEpochs(out),
    environment: environment(),
  })
  const path = join(out, runFiles.report)
  await writeFileAtomic(path, page)
  return path
}

/** Throws UserError where the run has been removed meanwhile. */
async function configOfRun(out: string) {
  const config = await readRunConfig(out)
  if (config) return config
  throw new UserError(`${out} holds no run any more: it was removed while it was evaluated`, {
    hint: 'Train again; nothing else was lost.',
  })
}
