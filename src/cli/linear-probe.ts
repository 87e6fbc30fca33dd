import { Command } from 'commander'
import { selectClasses } from '../core/data/base-novel.js'
import { measureLinearProbe } from '../core/probe/measure-probe.js'
import { type BaselineFlags, withBaselineOptions, withModel } from './baseline.js'
import { openData } from './data.js'
import { printEvaluation } from './evaluation-text.js'
import { warn } from './fail.js'
import { interruptible } from './interrupt.js'
import { wholeNumber } from './options.js'
import { type Progress, startProgress } from './progress.js'

interface LinearProbeFlags extends BaselineFlags {
  readonly shots: number
  readonly seed: number
}

const examples = `
Examples:
  $ promptsrc linear-probe photos --model ViT-B/16
  $ promptsrc linear-probe photos --model ViT-B/16 --shots 4 --seed 2 --classes base --json

The strength C of the regression is chosen on up to 4 validation images a class, on a quarter of the training images
where the data has none. A linear probe knows only the classes that it is shown: --classes novel trains on novel ones.`

const validationText = {
  given: 'validation images',
  'held out': 'a quarter of the training images',
  none: 'nothing: one image a class',
} as const

/** `promptsrc linear-probe`: accuracy of a logistic regression on CLIP's image features. */
export function linearProbeCommand(): Command {
  const command = new Command('linear-probe')
  return withBaselineOptions(command)
    .option('--shots <n>', 'training images a class', wholeNumber(1), 16)
    .option('--seed <n>', 'which images are drawn', wholeNumber(0), 1)
    .addHelpText('after', examples)
    .action(linearProbe)
}

async function linearProbe(dataPath: string, flags: LinearProbeFlags): Promise<void> {
  const signal = interruptible('Interrupted.')
  const { shots, seed, classes } = flags
  const data = await openData(dataPath, { ...flags, signal })
  await withModel(flags, signal, async (model) => {
    let bar: Progress | undefined
    let phase = ''
    const { probe, evaluation } = await measureLinearProbe({
      model,
      data,
      shots,
      seed,
      classes,
      skipBadImages: flags.skipBadImages ?? false,
      signal,
      onWarning: (message) => warn(message),
      onProgress(progress) {
        if (progress.phase !== phase) {
          bar?.stop()
          phase = progress.phase
          bar = startProgress(phase, progress.total)
        }
        bar?.update(progress.done)
      },
    }).finally(() => bar?.stop())
    const { strength, validation, trials } = probe
    printEvaluation(
      {
        data: data.name,
        classes,
        classNames: selectClasses(data, classes).classNames,
        evaluation,
        facts: { model: flags.model, exif: data.exif ?? null, shots, seed, strength, validation, trials },
        notes: [],
      },
      {
        json: flags.json ?? false,
        lines: {
          shots: `${shots}, seed ${seed}`,
          C: `${Number(strength.toPrecision(3))}, chosen by ${validationText[validation]}`,
        },
      },
    )
  })
}
