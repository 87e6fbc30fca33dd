import { Command } from 'commander'
import { DataError } from '../core/errors.js'
import { createClassifier } from '../core/evaluate/create-classifier.js'
import type { Prediction } from '../core/evaluate/predict.js'
import type { Activation } from '../core/model.js'
import type { DeviceChoice } from '../core/runtime/device.js'
import { printable } from '../lab/results/formats/printable.js'
import { predict } from '../node/data/predict.js'
import { loadRun } from '../node/run.js'
import { readHeldOutFigures, rejectionOf } from '../node/runs/threshold.js'
import { downloadBars } from './download-progress.js'
import { warn } from './fail.js'
import { interruptible } from './interrupt.js'
import { activationOption, deviceOption, modelFrom, repeated, wholeNumber } from './options.js'
import { type RejectionFlags, withRejectionOptions } from './rejection-options.js'

interface PredictFlags extends RejectionFlags {
  readonly top: number
  readonly addClass?: string[]
  readonly model?: string
  readonly activation?: Activation
  readonly skipBadImages?: boolean
  readonly threads?: number
  readonly device?: DeviceChoice
  readonly json?: boolean
}

const examples = `
Examples:
  $ promptsrc predict runs/photos new.jpg
  $ promptsrc predict runs/photos *.jpg --top 1 --json
  $ promptsrc predict runs/photos new.jpg --add-class "border collie" --add-class whippet
      classes that were never trained take part like the trained ones
  $ promptsrc predict runs/photos *.jpg --accept 0.99
      "none of these" for fewer images: the threshold that accepts 99 % of held-out images (docs/none-of-these.md)`

/** `promptsrc predict`: the likely classes of images. */
export function predictCommand(): Command {
  const command = new Command('predict')
    .argument('<run>', 'run directory')
    .argument('<image...>', 'image files')
    .option('--top <n>', 'classes to show for each image', wholeNumber(1), 5)
    .option('--add-class <name>', 'a class that was not trained; repeatable', repeated)
    .option('--model <model>', 'where the model is, if not where the run says')
    .addOption(activationOption())
    .option('--skip-bad-images', 'pass over images that cannot be read')
    .option('--threads <n>', 'threads of ONNX Runtime (default: one a core)', wholeNumber(1))
    .addOption(deviceOption())
    .option('--json', 'print one JSON object a line')
  return withRejectionOptions(command).addHelpText('after', examples).action(show)
}

async function show(runPath: string, images: string[], flags: PredictFlags): Promise<void> {
  const signal = interruptible('Interrupted.')
  const bars = downloadBars()
  const kept = await readHeldOutFigures(runPath)
  const run = await loadRun(runPath, {
    signal,
    onProgress: bars.onProgress,
    ...(flags.model ? { model: flags.model } : {}),
    ...modelFrom(flags),
  })
  bars.stop()
  try {
    await using classifier = await createClassifier(run, {
      addClasses: flags.addClass ?? [],
      batchSize: Math.min(16, images.length),
    })
    const rejection = await rejectionOf(run, kept, classifier.classNames.length, flags)
    const options = {
      top: flags.top,
      rejection,
      temperature: kept?.temperature,
      ...(flags.skipBadImages ? { onBadImage: (error: Error) => warn(error.message, 'left out') } : {}),
    }
    let seen = 0
    for await (const prediction of predict(classifier, images, options)) {
      signal.throwIfAborted()
      seen++
      const shown = rejection ? { ...prediction, threshold: rejection.threshold } : prediction
      process.stdout.write(flags.json ? `${JSON.stringify(shown)}\n` : printable(lines(shown)))
    }
    if (seen === 0) throw new DataError('no image could be read', { hint: 'Check the paths and the files.' })
  } finally {
    await run.model.close()
  }
}

/** Probabilities; before them, that an image is of none of the classes. */
function lines({ image, classes, score, accepted, threshold }: Prediction & { threshold?: number }): string {
  const rows = classes.map(({ className, probability }) => {
    return `  ${(100 * probability).toFixed(1).padStart(5)} %  ${className}\n`
  })
  const none =
    accepted === false
      ? `  none of these: score ${score!.toFixed(6)}, threshold ${threshold!.toFixed(6)}\n`
      : ''
  return `${image}\n${none}${rows.join('')}`
}
