import { createHash } from 'node:crypto'
import { resolve } from 'node:path'
import { ConfigError } from '../../core/errors.js'
import type { Run } from '../../core/evaluate/create-classifier.js'
import type { ExportOptions, StreamHash } from '../../core/export/exporter.js'
import { exportClassifier, exporters } from '../../core/export/exporters.js'
import { runFacts } from '../../node/exports/run-facts.js'
import { checkExportFolder, type WriteExportOptions, writeExport } from '../../node/exports/write-export.js'
import { type LoadRunOptions, loadRun } from '../../node/run.js'
import { savePrompts } from '../../node/runs/prompts-file.js'
import { readRunConfig } from '../../node/runs/run-directory.js'
import { readHeldOutFigures } from '../../node/runs/threshold.js'
import { exportCheckpoint } from '../checkpoints/export-checkpoint.js'

/** Options of {@link exportRun}. */
export interface ExportRunOptions
  extends Omit<ExportOptions, 'facts' | 'heldOut' | 'hash'>,
    Pick<LoadRunOptions, 'model' | 'activation'>,
    WriteExportOptions {
  /** `safetensors`, `torch`, or the name of one of the `exporters`: `transformers-js`, … Default: safetensors. */
  readonly format?: string
  /** safetensors: the file; otherwise the folder. */
  readonly out: string
  /** Epoch to name a torch checkpoint by. Default: the run's last. */
  readonly epoch?: number | undefined
  /** Download progress of the run's model. */
  readonly onDownload?: LoadRunOptions['onProgress']
}

/** What was written. */
export interface ExportedFiles {
  /** The file, or the folder. */
  readonly path: string
  readonly bytes?: number
}

/** The prompts alone in one file. */
interface FileFormat {
  readonly format: string
  readonly summary: string
  write(run: Run, path: string, options: ExportRunOptions): Promise<string>
}

const fileFormats: readonly FileFormat[] = [
  {
    format: 'safetensors',
    summary: 'the prompts alone, which eval, predict and loadRun() take as a run',
    async write({ prompts, model }, _path, { out }) {
      await savePrompts(out, prompts, model.clip)
      return out
    },
  },
  {
    format: 'torch',
    summary: 'checkpoint of the PyTorch reference',
    async write({ prompts, model }, path, { out, epoch }) {
      const last = epoch ?? prompts.epoch ?? (await lastEpoch(path, prompts.method.defaults.epochs))
      return exportCheckpoint(out, prompts, model.clip, last)
    },
  },
]

/** What {@link exportRun} writes, by name. */
export const exportFormats: readonly { readonly format: string; readonly summary: string }[] = [
  ...fileFormats,
  ...exporters,
].map(({ format, summary }) => ({ format, summary }))

/**
 * Writes a run in another form: its prompts for this program or the PyTorch code, or a classifier that stands alone.
 *
 * @param path run directory, or a `prompts.safetensors` by itself
 * @throws ConfigError for an unknown format, or saying why the run cannot be exported so: then nothing is written
 * @throws UserError where the path cannot be written or holds something else, or the run's `none-of-these.json` is damaged
 */
export async function exportRun(path: string, options: ExportRunOptions): Promise<ExportedFiles> {
  const { format = 'safetensors', out, signal, onDownload } = options
  if (!exportFormats.some((known) => known.format === format)) {
    throw new ConfigError(
      `unknown export format "${format}"; there are ${exportFormats.map(({ format }) => format).join(', ')}`,
      { hint: 'Choose one of them.' },
    )
  }
  const file = fileFormats.find((known) => known.format === format)
  if (!file) await checkExportFolder(out, options)
  const run = await loadRun(path, {
    ...(options.model ? { model: options.model } : {}),
    ...(options.activation ? { activation: options.activation } : {}),
    ...(signal ? { signal } : {}),
    ...(onDownload ? { onProgress: onDownload } : {}),
  })
  try {
    if (file) return { path: await file.write(run, path, options) }
    const { classNames, addClasses, precisions } = options
    const files = await exportClassifier(run, format, {
      ...(classNames ? { classNames } : {}),
      ...(addClasses ? { addClasses } : {}),
      precisions,
      facts: await runFacts(resolve(path)),
      heldOut: await readHeldOutFigures(path),
      hash: nodeHash,
    })
    await writeExport(out, files, options)
    return { path: out, bytes: files.reduce((sum, { size }) => sum + size, 0) }
  } finally {
    if (typeof options.model !== 'object') await run.model.close()
  }
}

/** OpenSSL's, which is many times as fast as one in JavaScript. */
function nodeHash(): StreamHash {
  const hash = createHash('sha256')
  return { update: (bytes) => hash.update(bytes), hex: () => hash.digest('hex') }
}

/** Epochs of a run that was trained here, or of the method's published configuration. */
async function lastEpoch(path: string, published: number): Promise<number> {
  const config = await readRunConfig(path).catch(() => undefined)
  return config?.settings.epochs ?? published
}
