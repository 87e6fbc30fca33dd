import type { ExportPrecision } from '../../src/core/export/exporter.js'
import { type ExportSource, openExport } from '../../src/web/export/open-export.js'
import { copyFiles, memoryFiles } from '../../src/web/kept/file-store.js'
import { keptFiles } from '../../src/web/kept/kept-files.js'
import type { ClassChoice } from '../../src/web/picture-classifier.js'
import { zipFiles } from '../../src/web/run/run-archive.js'
import { webRuntime } from '../../src/web/runtime.js'
import { type PageOptions, runtimeOf } from './web-page-parts.js'

/** How the export at an address comes to be classified with. */
export interface OpenedBy extends ClassChoice {
  readonly as?: 'address' | 'archive' | 'files' | 'loose files' | 'kept folder' | 'damaged folder'
  readonly precision?: ExportPrecision
  readonly keep?: boolean
  readonly threshold?: number
  /** Classes that are told apart after the first answers. */
  readonly later?: readonly string[]
}

/** The export at an address as a page may have it otherwise. */
async function sourceOf(address: string, as: OpenedBy['as']): Promise<ExportSource> {
  if (as === undefined || as === 'address') return address
  const at = async (path: string) => (await fetch(address + path)).blob()
  const manifest = await at('promptsrc.json')
  const { files } = JSON.parse(await manifest.text()) as { files: string[] }
  const contents: [string, Blob][] = [['promptsrc.json', manifest]]
  for (const path of files) contents.push([path, await at(path)])
  if (as === 'loose files') return contents.map(([path, blob]) => new File([blob], path.split('/').at(-1)!))
  if (as === 'files') {
    return contents.map(([path, blob]) =>
      Object.defineProperty(new File([blob], path.split('/').at(-1)!), 'webkitRelativePath', {
        value: `pets/${path}`,
      }),
    )
  }
  const store = memoryFiles(contents)
  if (as === 'archive') return zipFiles(store, await store.list(), 'pets')
  const kept = keptFiles('exports/pets')
  await copyFiles(store, kept)
  if (as === 'damaged folder') {
    const path = 'onnx/text_model_quantized.onnx'
    const bytes = new Uint8Array(await (await kept.read(path))!.arrayBuffer())
    await kept.write(path, bytes.fill(7, 5000, 5001))
  }
  return kept
}

/** What the page's tests do with exports. */
export const exportFunctions = {
  /** Opens an export and classifies pictures at addresses with it: probabilities by class, most likely first. */
  async classifyExported(
    options: PageOptions,
    address: string,
    pictures: readonly string[],
    { as, precision, keep, later, ...choice }: OpenedBy = {},
  ) {
    const exported = await openExport(await sourceOf(address, as), keep ? { keep } : {})
    const size = await exported.size(precision)
    const progress: number[] = []
    let total = 0
    await using classifier = await exported.classifier({
      ...choice,
      ...(precision ? { precision } : {}),
      runtime: webRuntime(runtimeOf(options)),
      onProgress(event) {
        progress.push(event.loaded)
        total = event.total!
      },
    })
    const answers = async () => {
      const found: { kind: string; score: number; classes: [string, number][] }[] = []
      for (const picture of pictures) {
        const { kind, score, classes } = await classifier.classify(await (await fetch(picture)).blob())
        found.push({
          kind,
          score,
          classes: classes.map(({ className, probability }) => [className, probability]),
        })
      }
      return found
    }
    const first = await answers()
    if (later) await classifier.setClasses({ classNames: later })
    return {
      size,
      total,
      rising: progress.every((loaded, i) => i === 0 || loaded >= progress[i - 1]!),
      loaded: progress.at(-1) ?? 0,
      threshold: classifier.threshold,
      first,
      after: later ? await answers() : undefined,
    }
  },

  /** Classifies pictures at addresses as the frames of one clip: probabilities by class, most likely first. */
  async classifyClip(options: PageOptions, address: string, frames: readonly string[]) {
    const exported = await openExport(address)
    const runtime = webRuntime(runtimeOf(options))
    await using classifier = await exported.classifier({ precision: 'fp32', runtime })
    const pictures = await Promise.all(frames.map(async (frame) => (await fetch(frame)).blob()))
    const { classes } = await classifier.classify(pictures)
    return classes.map(({ className, probability }): [string, number] => [className, probability])
  },

  /** What goes wrong with it. */
  exportFailure(options: PageOptions, address: string, opened: OpenedBy = {}) {
    return exportFunctions.classifyExported(options, address, [], opened).then(
      () => 'nothing',
      (error) => `${error.name}: ${error.message} | ${error.hint}`,
    )
  },
}
