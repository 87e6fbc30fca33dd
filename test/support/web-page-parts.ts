import { loadModel } from '../../src/web/model.js'
import { type WebRuntimeOptions, webRuntime } from '../../src/web/runtime.js'

/** How a runtime of the page is set up; functions do not cross from the test into the page. */
export interface PageOptions {
  readonly device?: 'wasm' | 'webgpu'
  readonly threads?: number
  /** Address of the worker's script. */
  readonly worker?: string
  readonly wasmPaths?: string
}

export const runtimeOf = ({ worker, ...options }: PageOptions): WebRuntimeOptions => ({
  wasmPaths: '/ort/',
  ...options,
  ...(worker ? { worker: () => new Worker(worker, { type: 'module' }) } : {}),
})

export const tiny = (options: PageOptions) =>
  loadModel('/tiny/', { name: 'tiny', runtime: webRuntime(runtimeOf(options)), blockBytes: 2 ** 18 })

export async function draw(colour: string, i: number): Promise<File> {
  const canvas = new OffscreenCanvas(96 + i, 80)
  const context = canvas.getContext('2d')!
  context.fillStyle = 'white'
  context.fillRect(0, 0, canvas.width, canvas.height)
  context.fillStyle = colour
  context.fillRect(10 + 3 * i, 12 + 2 * i, 50, 44)
  return new File([await canvas.convertToBlob({ type: 'image/png' })], `${i}.png`)
}

/** Four pictures of a square. */
export const pictures = (colour: string, from: number) =>
  Promise.all([0, 1, 2, 3].map((i) => draw(colour, from + i)))

/** Pictures of two classes. */
export const squares = async () => ({
  'red square': await pictures('#d01818', 0),
  'blue square': await pictures('#1838d0', 0),
})

export const base64 = async (blob: Blob): Promise<string> => {
  const bytes = new Uint8Array(await blob.arrayBuffer())
  return btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(''))
}
