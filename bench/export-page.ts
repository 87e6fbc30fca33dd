import { OPEN, storedModel } from '../src/core/runtime/session.js'
import { webRuntime } from '../src/web/index.js'
import { type Measured, measured } from './measured-model.js'

// The page of bench/export.ts: fetches /model.onnx and the pixels of some pictures, /pixels.bin.

/** What the page is asked to time. */
export interface ExportQuestion {
  /** Side of a picture in pixels. */
  readonly side: number
  /** Outputs are asked of the first so many pictures. */
  readonly pictures: number
  readonly runs: number
  readonly threads: number
}

async function timed({ side, threads, ...what }: ExportQuestion): Promise<Measured> {
  const bytes = async (path: string) => new Uint8Array(await (await fetch(path)).arrayBuffer())
  const model = await bytes('/model.onnx')
  const pixels = new Float32Array((await bytes('/pixels.bin')).buffer)
  const worker = () => new Worker('/app/worker.js', { type: 'module' })
  const runtime = webRuntime({ threads, worker, wasmPaths: '/ort/' })
  try {
    const open = () => runtime.compile(storedModel(model, { pixel_values: [OPEN, 3, side, side] }))
    return await measured(open, { side, pixels, ...what })
  } finally {
    await runtime.close()
  }
}

export type TimedExport = typeof timed

Object.assign(window, { timed })
