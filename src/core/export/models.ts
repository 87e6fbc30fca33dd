import type { Tensor } from '../graph/index.js'
import { type ModelFileOptions, modelFiles } from '../graph/model-file.js'
import { type ExportFile, type ExportPrecision, modelSuffixes, usualPrecisions } from './exporter.js'
import { inPrecision } from './precision.js'

/** A graph as models of several precisions: `folder/name.onnx`, `folder/name_fp16.onnx`, … */
export async function modelsOf(
  outputs: Readonly<Record<string, Tensor>>,
  {
    folder,
    name,
    precisions = usualPrecisions,
    ...options
  }: Omit<ModelFileOptions, 'name'> & {
    readonly folder: string
    readonly name: string
    readonly precisions?: readonly ExportPrecision[] | undefined
  },
): Promise<ExportFile[]> {
  const files: ExportFile[] = []
  for (const precision of precisions) {
    const smaller = inPrecision(outputs, precision)
    const made = await modelFiles(smaller, { ...options, name: `${name}${modelSuffixes[precision]}.onnx` })
    for (const [file, stream] of made) files.push({ ...stream, path: `${folder}/${file}` })
  }
  return files
}

/** Models whose constants lie in files beside them, as transformers.js wants to be told. */
export const externalData = (files: readonly ExportFile[]): Record<string, true> | undefined => {
  const names = files.flatMap(({ path }) =>
    path.endsWith('_data') ? [path.slice(path.lastIndexOf('/') + 1, -'_data'.length)] : [],
  )
  return names.length === 0 ? undefined : Object.fromEntries(names.map((name) => [name, true]))
}
