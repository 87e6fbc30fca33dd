import { Command } from 'commander'
import { DataError } from '../core/errors.js'
import { createClassifier } from '../core/evaluate/create-classifier.js'
import type { Prediction } from '../core/evaluate/predict.js'
import type { Activation } from '../core/model.js'
import type { DeviceChoice } from '../core/runtime/device.js'
import { printable } from '../lab/results/formats/printable.js'
import { predict } from '../node/data/predict.js'
import { loadRun } from '../node/run.js'
import { downloadBars } from './download-progress.js'
import { warn } from './fail.js'
import { interruptible } from './interrupt.js'
import { activationOption, deviceOption, modelFrom, repeated, wholeNumber } from './options.js'

interface PredictFlags {
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
      classes that were never trained take part like the trained ones`

/** `promptsrc predict`: the likely classes of images. */
export function predictCommand(): Command {
  return new Command('predict')
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
    .addHelpText('after', examples)
    .action(show)
}

async function show(runPath: string, images: string[], flags: PredictFlags): Promise<void> {
  const signal = interruptible('Interrupted.')
  const bars = downloadBars()
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
    const options = {
      top: flags.top,
      ...(flags.skipBadImages ? { onBadImage: (error: Error) => warn(error.message, 'left out') } : {}),
    }
    let seen = 0
    for await (const prediction of predict(classifier, images, options)) {
      signal.throwIfAborted()
      seen++
      process.stdout.write(flags.json ? `${JSON.stringify(prediction)}\n` : printable(lines(prediction)))
    }
    if (seen === 0) throw new DataError('no image could be read', { hint: 'Check the paths and the files.' })
  } finally {
    await run.model.close()
  }
}

function lines({ image, classes }: Prediction): string {
  const rows = classes.map(
    ({ className, probability }) => `  ${(100 * probability).toFixed(1).padStart(5)} %  ${className}\n`,
  )
  return `${image}\n${rows.join('')}`
}
