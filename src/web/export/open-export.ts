import { UserError } from '../../core/errors.js'
import { thresholdFor } from '../../core/evaluate/none-of-these.js'
import type { ExportPrecision } from '../../core/export/exporter.js'
import { type ExportManifest, MANIFEST, readManifest } from '../../core/export/manifest.js'
import { chosenModels, exportedClassifier } from '../../core/export/opened-export.js'
import type { Runtime } from '../../core/runtime/session.js'
import type { FetchOptions } from '../fetched.js'
import type { FileStore } from '../kept/file-store.js'
import type { ModelSize } from '../model-size.js'
import { type ClassChoice, pictureClassifier, type RunClassifier } from '../picture-classifier.js'
import { webRuntime } from '../runtime.js'
import type { LoadProgress } from '../url-source.js'
import { type ExportFiles, exportFiles } from './export-files.js'

/**
 * Where an export lies: the address of its folder or of a zip archive of it, an archive that was chosen in the page, the files of
 * a chosen folder, or a folder of the page such as `keptFiles('exports/pets')`.
 */
export type ExportSource = string | URL | Blob | readonly File[] | FileStore

/** Options of {@link openExport}. */
export interface OpenExportOptions extends FetchOptions {
  /**
   * Keep what is downloaded in the browser for later visits. A download that is broken off goes on where it stopped; a file that
   * has been replaced on its server since is downloaded again; without a connection what is kept serves. Default: nothing is kept.
   */
  readonly keep?: boolean
}

/** Options of {@link OpenedExport.classifier}. */
export interface ExportClassifierOptions extends ClassChoice {
  /** Default: the first that the export has of q8, fp16, fp32 and int8. */
  readonly precision?: ExportPrecision
  /** Where graphs are computed. Default: `webRuntime()`. The classifier closes it. */
  readonly runtime?: Runtime
  /** Pictures with a lower score show none of the classes. Default: as the export states it; where it does not, none is refused. */
  readonly threshold?: number
  /** An answer whose likeliest class is ahead of the second by less is uncertain: probabilities, 0 to 1. Default: 0. */
  readonly margin?: number
  /** Told what has arrived of all that is downloaded. */
  readonly onProgress?: (event: LoadProgress) => void
}

/** An export of which the manifest was read, and nothing else yet. */
export interface OpenedExport {
  readonly manifest: ExportManifest
  /** What a classifier would download, in bytes, and how much of it is kept already. */
  size(precision?: ExportPrecision): Promise<ModelSize>
  /**
   * Loads what answers, each file held against the size and the SHA-256 that the manifest states. Other classes than the
   * export's are taken by `transformers-js-open` and `onnx`.
   *
   * @throws UserError naming a file that is missing, cut off or was changed; ConfigError for classes or a precision that the
   *   export does not have
   */
  classifier(options?: ExportClassifierOptions): Promise<RunClassifier>
}

/** Exact ones first, the smallest of them before the others. */
const wanted: readonly ExportPrecision[] = ['q8', 'fp16', 'fp32', 'int8']

/**
 * Opens an export of the formats `transformers-js`, `transformers-js-open` and `onnx`, whose graphs ONNX Runtime runs as they stand.
 * Nothing of a method or of training is loaded.
 *
 * @throws UserError when there is no export, or its manifest is damaged or of a newer version; WeightsError when it cannot be
 *   fetched
 */
export async function openExport(
  source: ExportSource,
  options: OpenExportOptions = {},
): Promise<OpenedExport> {
  const files = await exportFiles(source, options)
  const text = await files.manifest()
  if (text === undefined) {
    throw new UserError(`${files.name} holds no export: there is no ${MANIFEST}`, {
      hint: 'Choose a folder that `promptsrc export` wrote, with all of its files.',
    })
  }
  const manifest = readManifest(`${files.name}: ${MANIFEST}`, text)
  const chosen = (precision?: ExportPrecision) =>
    chosenModels(files.name, manifest, precision ? [precision] : wanted)
  const stated = (path: string) => ({ path, bytes: 0, sha256: undefined, ...manifest.contents?.[path] })
  return {
    manifest,
    async size(precision) {
      const all = chosen(precision).paths.map(stated)
      const kept = await Promise.all(all.map((file) => files.kept(file)))
      return {
        bytes: files.isDownloaded ? all.reduce((sum, { bytes }) => sum + bytes, 0) : 0,
        kept: kept.reduce((sum, bytes) => sum + bytes, 0),
      }
    },
    async classifier({ precision, runtime = webRuntime(), onProgress, ...judged } = {}) {
      try {
        const models = chosen(precision)
        const read = reading(files, models.paths.map(stated), onProgress)
        const opened = await exportedClassifier({ name: files.name, read }, manifest, models, runtime)
        const classifier = await answering(opened, manifest, judged)
        return Object.assign(classifier, {
          release: async () => runtime.close(),
          [Symbol.asyncDispose]: async () => runtime.close(),
        })
      } catch (error) {
        await runtime.close()
        throw error
      }
    },
  }
}

/** Reads the stated files, and tells how much of all of them has come. */
function reading(
  files: ExportFiles,
  all: readonly { path: string; bytes: number; sha256: string | undefined }[],
  onProgress: ExportClassifierOptions['onProgress'],
) {
  const total = all.reduce((sum, { bytes }) => sum + bytes, 0)
  const loaded = new Map<string, number>()
  return (path: string) =>
    files.read(all.find((file) => file.path === path)!, (bytes) => {
      loaded.set(path, bytes)
      const sum = [...loaded.values()].reduce((a, b) => a + b, 0)
      onProgress?.({ url: files.name, loaded: sum, total })
    })
}

function answering(
  opened: Awaited<ReturnType<typeof exportedClassifier>>,
  { classes, logitScale, noneOfThese: kept }: ExportManifest,
  {
    margin = 0,
    threshold: given,
    ...names
  }: Pick<ExportClassifierOptions, 'margin' | 'threshold'> & ClassChoice,
): Promise<RunClassifier> {
  return pictureClassifier(
    {
      open: opened,
      classNames: classes,
      conceptTemperature: kept?.conceptTemperature ?? logitScale!,
      temperature: kept?.temperature,
      margin,
      threshold: (count) => given ?? (kept && thresholdFor(kept.threshold, kept.classes, count)),
    },
    names,
  )
}
