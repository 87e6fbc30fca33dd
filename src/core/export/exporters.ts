import { ConfigError } from '../errors.js'
import type { Run } from '../evaluate/create-classifier.js'
import { clipFolders } from './clip-folders.js'
import type { Exporter, ExportFile, ExportOptions } from './exporter.js'
import { withManifest } from './manifest.js'
import { modelCard } from './model-card.js'
import { onnx } from './onnx-folder.js'
import { transformersJs } from './transformers-js.js'
import { transformersJsOpen } from './transformers-js-open.js'

/** The forms of a folder, in the order in which they are listed. */
export const exporters: readonly Exporter[] = [transformersJs, transformersJsOpen, onnx, clipFolders]

/**
 * A run as a folder that stands alone: its files, which a page can pack ({@link exportedBytes}) and a program can write as
 * they come. Runs anywhere. The class weights are computed by the run's runtime at once, all else when a file is read.
 *
 * @param format `transformers-js`, `transformers-js-open`, `onnx` or `clip`
 * @throws ConfigError for an unknown format, or saying why the run cannot be exported so
 */
export async function exportClassifier(
  run: Run,
  format: string,
  options: ExportOptions = {},
): Promise<readonly ExportFile[]> {
  const exporter = exporters.find((known) => known.format === format)
  if (!exporter) {
    throw new ConfigError(
      `unknown export format "${format}"; there are ${exporters.map(({ format }) => format).join(', ')}`,
      { hint: 'Choose one of them.' },
    )
  }
  const { frames } = run.model.clip.config
  if (frames !== undefined && (exporter === transformersJs || exporter === transformersJsOpen)) {
    throw new ConfigError(`the run tells clips of ${frames} frames apart; ${format} takes pictures`, {
      hint: 'Export it as onnx, whose input is a clip.',
    })
  }
  const parts = await exporter.parts(run, options)
  const files = [...parts.models, ...parts.files, modelCard(format, { ...parts, run, facts: options.facts })]
  return withManifest(format, run, parts, files, options)
}
