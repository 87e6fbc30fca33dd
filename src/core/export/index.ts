// A run as files that stand alone, in Node and in pages: the door `promptsrc/export`. Apart from `promptsrc/core`, so that
// a page which exports nothing does not load it.

export type { ByteStream } from '../graph/onnx.js'
export type * from '../index.js'
export {
  type Exporter,
  type ExportFile,
  type ExportOptions,
  type ExportParts,
  type ExportPrecision,
  exportedBytes,
  precisions,
  type StreamHash,
} from './exporter.js'
export { exportClassifier, exporters } from './exporters.js'
export { checkExport, type ExportManifest, readManifest } from './manifest.js'
export type { MeasuredAccuracy, RunFacts } from './model-card.js'
