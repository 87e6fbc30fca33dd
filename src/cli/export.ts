import { relative } from 'node:path'
import { Command, Option } from 'commander'
import type { Activation } from '../core/model.js'
import { exportCheckpoint } from '../exchange/checkpoints/export-checkpoint.js'
import { savePrompts } from '../node/runs/prompts-file.js'
import { readRunConfig } from '../node/runs/run-directory.js'
import { interruptible } from './interrupt.js'
import { openRun } from './open-run.js'
import { activationOption, wholeNumber } from './options.js'

interface ExportFlags {
  readonly format: 'torch' | 'safetensors'
  readonly out: string
  readonly epoch?: number
  readonly model?: string
  readonly activation?: Activation
  readonly json?: boolean
}

const examples = `
Examples:
  $ promptsrc export runs/photos --format torch --out output/photos
      writes output/photos/VLPromptLearner/model.pth.tar-20, which the PyTorch reference loads with
      --model-dir output/photos --load-epoch 20
  $ promptsrc export runs/photos --out photos.safetensors
      the prompts alone in one file, which eval, predict and loadRun() take as a run`

/** `promptsrc export`: a run's prompts in another format. */
export function exportCommand(): Command {
  return new Command('export')
    .argument('<run>', 'run directory')
    .addOption(
      new Option('--format <format>', 'torch: checkpoint of the PyTorch reference')
        .choices(['safetensors', 'torch'])
        .default('safetensors'),
    )
    .requiredOption('--out <path>', 'safetensors: the file; torch: the output folder')
    .option('--epoch <n>', 'epoch to name a torch checkpoint by (default: the run’s last)', wholeNumber(1))
    .option('--model <model>', 'where the model is, if not where the run says')
    .addOption(activationOption())
    .option('--json', 'print the file written as JSON')
    .addHelpText('after', examples)
    .action(exportRun)
}

async function exportRun(path: string, flags: ExportFlags): Promise<void> {
  const signal = interruptible('Interrupted: nothing was written.')
  const { prompts, model } = await openRun(path, flags, signal)
  try {
    let file = flags.out
    if (flags.format === 'torch') {
      const epoch = flags.epoch ?? prompts.epoch ?? (await lastEpoch(path, prompts.method.defaults.epochs))
      file = await exportCheckpoint(flags.out, prompts, model.clip, epoch)
    } else {
      await savePrompts(flags.out, prompts, model.clip)
    }
    process.stdout.write(flags.json ? `${JSON.stringify({ file })}\n` : `file    ${relative('.', file)}\n`)
  } finally {
    await model.close()
  }
}

/** Epochs of a run that was trained here, or of the method's published configuration. */
async function lastEpoch(path: string, published: number): Promise<number> {
  const config = await readRunConfig(path).catch(() => undefined)
  return config?.settings.epochs ?? published
}
