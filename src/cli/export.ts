import { relative } from 'node:path'
import { Command, Option } from 'commander'
import { type ExportPrecision, precisions, usualPrecisions } from '../core/export/exporter.js'
import { exportFormats, exportRun } from '../exchange/exports/export-run.js'
import { showingDownloads } from './download-progress.js'
import { interruptible } from './interrupt.js'
import { modelOfRunOption, type RunFlags } from './open-run.js'
import { activationOption, listOf, oneOf, repeated, wholeNumber } from './options.js'
import { startLateProgress } from './progress.js'

interface ExportFlags extends Pick<RunFlags, 'model' | 'activation'> {
  readonly format: string
  readonly out: string
  readonly precision?: readonly ExportPrecision[]
  readonly addClass?: readonly string[]
  readonly overwrite?: boolean
  readonly epoch?: number
  readonly json?: boolean
}

const examples = `
Formats:
${exportFormats.map(({ format, summary }) => `  ${format.padEnd(22)}${summary}`).join('\n')}

Examples:
  $ promptsrc export runs/photos --format transformers-js --out page/model
      a folder for pipeline('image-classification', …) of transformers.js, in Node or a page; its README.md says how
  $ promptsrc export runs/photos --format torch --out output/photos
      writes output/photos/VLPromptLearner/model.pth.tar-20, which the PyTorch reference loads with
      --model-dir output/photos --load-epoch 20
  $ promptsrc export runs/photos --out photos.safetensors
      the prompts alone in one file, which eval, predict and loadRun() take as a run`

/** `promptsrc export`: a run in another form. */
export function exportCommand(): Command {
  return new Command('export')
    .argument('<run>', 'run directory')
    .addOption(
      new Option('--format <format>', 'what to write, see below')
        .choices(exportFormats.map(({ format }) => format))
        .default('safetensors'),
    )
    .requiredOption('--out <path>', 'safetensors: the file; otherwise the output folder')
    .option(
      '--precision <list>',
      `precisions of the models, of ${precisions.join(', ')} (default: ${usualPrecisions.join(', ')})`,
      precisionList,
    )
    .option('--add-class <name>', 'a class that was not trained; repeatable', repeated)
    .option('--overwrite', 'replace an earlier export in --out')
    .option('--epoch <n>', 'epoch to name a torch checkpoint by (default: the run’s last)', wholeNumber(1))
    .addOption(modelOfRunOption())
    .addOption(activationOption())
    .option('--json', 'print what was written as JSON')
    .addHelpText('after', examples)
    .action(exportAs)
}

async function exportAs(path: string, flags: ExportFlags): Promise<void> {
  const { format, out, overwrite, precision, addClass, epoch, model, activation } = flags
  const signal = interruptible('Interrupted: nothing was written.')
  let bar: ReturnType<typeof startLateProgress> | undefined
  try {
    const { path: file, bytes } = await showingDownloads((onDownload) =>
      exportRun(path, {
        format,
        out,
        signal,
        onDownload,
        onProgress(written, total) {
          bar ??= startLateProgress('export (MB)', Math.ceil(total / 1e6))
          bar.update(Math.ceil(written / 1e6))
        },
        ...(overwrite ? { overwrite } : {}),
        ...(precision ? { precisions: precision } : {}),
        ...(addClass ? { addClasses: addClass } : {}),
        ...(epoch === undefined ? {} : { epoch }),
        ...(model ? { model } : {}),
        ...(activation ? { activation } : {}),
      }),
    )
    bar?.stop()
    process.stdout.write(
      flags.json
        ? `${JSON.stringify({ file, ...(bytes === undefined ? {} : { bytes }) })}\n`
        : bytes === undefined
          ? `file    ${relative('.', file)}\n`
          : `folder  ${relative('.', file)}, ${(bytes / 1e6).toFixed(1)} MB; README.md in it says how it is used\n`,
    )
  } finally {
    bar?.stop()
  }
}

/** Precisions in their own order, however they were given. */
function precisionList(text: string): ExportPrecision[] {
  const names = listOf(oneOf(precisions))(text)
  return precisions.filter((name) => names.includes(name))
}
