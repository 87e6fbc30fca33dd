import { join } from 'node:path'
import { Command, Option } from 'commander'
import { type ClassSelection, selectClasses } from '../core/data/base-novel.js'
import { methods } from '../core/methods/registry.js'
import type { Activation } from '../core/model.js'
import { runFiles } from '../core/run/run-files.js'
import { importCheckpoint } from '../exchange/checkpoints/import-checkpoint.js'
import { readClassList } from '../node/data/class-names.js'
import { loadModel } from '../node/model.js'
import { savePrompts } from '../node/runs/prompts-file.js'
import { RunDirectory } from '../node/runs/run-directory.js'
import { openData } from './data.js'
import { showingDownloads } from './download-progress.js'
import { warn } from './fail.js'
import { interruptible } from './interrupt.js'
import { activationOption, keyValues, oneOf, repeated, wholeNumber } from './options.js'

interface ImportFlags {
  readonly model: string
  readonly activation?: Activation
  readonly method?: string
  readonly epoch?: number
  readonly set?: string[]
  readonly classNames?: string
  readonly data?: string
  readonly classes: ClassSelection
  readonly out?: string
  readonly overwrite?: boolean
  readonly json?: boolean
}

const examples = `
Examples:
  $ promptsrc import output/VLPromptLearner/model.pth.tar-20 --model ViT-B/16 --out runs/imported
  $ promptsrc import output/oxford_pets/seed1 --model ViT-B/16 --data pets --classes base
      the best or newest checkpoint of a reference run, with class names as the data set writes them
  $ promptsrc eval runs/imported pets --classes novel
  $ promptsrc import k400_vifi_clip.pth --model ViT-B/16 --class-names labels.txt --out runs/bridge
      a checkpoint of ViFi-CLIP's code: weights, or prompts on what they tuned (docs/video.md)`

/** `promptsrc import`: a checkpoint of the PyTorch reference becomes a run. */
export function importCommand(): Command {
  return new Command('import')
    .argument(
      '<checkpoint>',
      'model.pth.tar-N, model-best.pth.tar, a folder with such files, or a .pth of ViFi-CLIP',
    )
    .requiredOption('--model <model>', 'the CLIP model it was trained on, see `promptsrc train --help`')
    .addOption(activationOption())
    .option('--method <name>', 'its method, where the tensors do not tell', oneOf(Object.keys(methods)))
    .option(
      '--epoch <n>',
      'which checkpoint of a folder (default: the best, else the newest)',
      wholeNumber(1),
    )
    .option('--set <key=value>', 'an option that tensors do not tell, such as classPosition=middle', repeated)
    .option('--class-names <file>', 'classes it was trained on, a line each (default: from its tokens)')
    .addOption(new Option('--data <data>', 'take the class names of this data set').conflicts('classNames'))
    .addOption(
      new Option('--classes <which>', 'classes of --data that were trained')
        .choices(['all', 'base', 'novel'])
        .default('all'),
    )
    .option('--out <run>', 'run directory (default: runs/imported-<method>)')
    .option('--overwrite', 'replace the run in --out')
    .option('--json', 'print what was read as JSON')
    .addHelpText('after', examples)
    .action(importRun)
}

async function importRun(checkpoint: string, flags: ImportFlags): Promise<void> {
  const classNames = await classNamesOf(flags)
  const signal = interruptible('Interrupted: nothing was written.')
  const model = await showingDownloads((onProgress) =>
    loadModel(flags.model, {
      signal,
      onProgress,
      ...(flags.activation ? { activation: flags.activation } : {}),
    }),
  )
  try {
    const prompts = await importCheckpoint({
      checkpoint,
      model,
      ...(flags.method ? { method: flags.method } : {}),
      ...(flags.epoch === undefined ? {} : { epoch: flags.epoch }),
      ...(flags.set ? { methodOptions: keyValues(flags.set) } : {}),
      ...(classNames ? { classNames } : {}),
    })
    const out = flags.out ?? join('runs', `imported-${prompts.method.name}`)
    const run = await RunDirectory.take(out)
    try {
      if (flags.overwrite) await run.clear()
      else await run.refuseFiles()
      await savePrompts(join(out, runFiles.prompts), prompts, model.clip)
    } finally {
      await run.release()
    }
    const { method, methodOptions, classNames: names, epoch, source, parameters, notes } = prompts
    for (const note of notes) warn(note)
    const learnedValues = [...parameters.values()].reduce((n, { length }) => n + length, 0)
    process.stdout.write(
      flags.json
        ? `${JSON.stringify({ run: out, source, epoch: epoch ?? null, method: method.name, methodOptions, learnedValues, classes: names })}\n`
        : `${method.title}, ${learnedValues} learned values${epoch === undefined ? '' : ` of epoch ${epoch}`}, ${names.length} classes: ${shortList(names)}\nrun     ${out}\n`,
    )
  } finally {
    await model.close()
  }
}

async function classNamesOf({ classNames, data, classes }: ImportFlags): Promise<string[] | undefined> {
  if (data !== undefined) return [...selectClasses(await openData(data), classes).classNames]
  return classNames === undefined ? undefined : readClassList(classNames)
}

const shortList = (names: readonly string[]): string =>
  names.length <= 8 ? names.join(', ') : `${names.slice(0, 7).join(', ')}, …`
