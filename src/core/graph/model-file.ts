import { type LayOutOptions, layOut } from './compile.js'
import { type ByteStream, streamOnnx } from './onnx.js'
import { arrayOf, bytesOf, type Tensor } from './tensor.js'

/** Constants beyond this are kept in a file beside the model: a protobuf message has at most 2 GiB. */
const ONE_FILE = 1_900_000_000

/** Options of {@link modelFiles}. */
export interface ModelFileOptions extends LayOutOptions {
  /** The model's file: `model.onnx`. */
  readonly name: string
  /** Texts that a reader of the model can ask for. */
  readonly metadata?: Readonly<Record<string, string>>
  /** Bytes of constants that one file holds. Default: 1.9 GB. */
  readonly oneFile?: number
}

/**
 * The computation of the named outputs as an ONNX model that stands alone (opset 17): one file, or two where the
 * constants are too large for one, the second named as transformers.js expects it: `model.onnx_data`.
 *
 * @throws GraphError when an output is not float32
 */
export async function modelFiles(
  outputs: Readonly<Record<string, Tensor>>,
  { name, metadata, oneFile = ONE_FILE, ...options }: ModelFileOptions,
): Promise<ReadonlyMap<string, ByteStream>> {
  const { model, weights, weightBytes } = await layOut(outputs, options)
  if (weightBytes > oneFile) {
    const location = `${name}_data`
    const external = model.external.map((tensor) => ({ ...tensor, location }))
    return new Map([
      [name, streamOnnx({ ...model, external }, [], metadata)],
      [location, dataFile(weights, weightBytes)],
    ])
  }
  const shapes = new Map(model.external.map((tensor) => [tensor.name, tensor.shape]))
  const constants = weights.map(({ name, size, dtype, load }) => ({
    name,
    shape: shapes.get(name)!,
    dtype,
    length: size * arrayOf[dtype].BYTES_PER_ELEMENT,
    load: async () => load(),
  }))
  return new Map([[name, streamOnnx({ ...model, external: [] }, constants, metadata)]])
}

function dataFile(weights: Awaited<ReturnType<typeof layOut>>['weights'], size: number): ByteStream {
  return {
    size,
    async *chunks() {
      let at = 0
      for (const { offset, load } of weights) {
        if (offset > at) yield new Uint8Array(offset - at)
        const bytes = bytesOf(await load())
        yield bytes
        at = offset + bytes.length
      }
      if (at < size) yield new Uint8Array(size - at)
    },
  }
}
