import { arrayOf, bytesOf, type EncodedGraph, type WeightsFile } from '../graph/index.js'
import { outOfMemory } from './failures.js'

/** Where files of weights that follow from a model are kept for later. */
export interface KeptWeights {
  /** The folder that has the file under its name; undefined where it is not kept. */
  find(file: WeightsFile): Promise<string | undefined>
  /** Keeps it if that can be done. It may be read until this is settled, and is not changed. */
  keep(file: WeightsFile, bytes: Uint8Array): Promise<void>
}

/** A model and its large constants. */
export interface LoadedModel {
  readonly onnx: Uint8Array
  /** Those in memory, by the names that the model has for their files. Either all of its files are here or none. */
  readonly weights: readonly { readonly path: string; readonly data: Uint8Array }[]
  /** Where its files lie that are not in memory. */
  readonly folder: string | undefined
}

/** What is not kept is put inside a model of which the rest is, up to so many bytes: a message holds 2 GB. */
const MOST_INSIDE = 512e6

/**
 * A graph with its large constants: all in memory, or those that are kept in their files and the others inside the model, since
 * ONNX Runtime takes no mixture of files and memory.
 *
 * @throws ComputeError where memory does not suffice
 */
export async function loadWeights(graph: EncodedGraph, kept?: KeptWeights): Promise<LoadedModel> {
  const { onnx, files, withInside } = graph
  const folders = new Map<WeightsFile, string>()
  for (const file of files) {
    const folder = file.from && (await kept?.find(file))
    if (folder !== undefined) folders.set(file, folder)
  }
  const [folder] = folders.values()
  const others = files.filter((file) => !folders.has(file))
  const outside =
    folder === undefined || !withInside || others.reduce((sum, { bytes }) => sum + bytes, 0) > MOST_INSIDE
  const loaded: { file: WeightsFile; data: Uint8Array<ArrayBuffer> }[] = []
  for (const file of outside ? files : others) {
    const data = await weightsBuffer(file)
    if (file.from && !folders.has(file)) await kept?.keep(file, data)
    loaded.push({ file, data })
  }
  if (outside) {
    return {
      onnx,
      weights: loaded.map(({ file, data }) => ({ path: file.location, data })),
      folder: undefined,
    }
  }
  const constants = loaded.flatMap(({ file, data }) =>
    file.weights.map(
      ({ name, offset, size, dtype }) => [name, new arrayOf[dtype](data.buffer, offset, size)] as const,
    ),
  )
  return { onnx: withInside(new Map(constants)), weights: [], folder }
}

/** Constants one after the other in one buffer laid out as the model expects: in place where they can be. */
async function weightsBuffer({ bytes, weights }: WeightsFile): Promise<Uint8Array<ArrayBuffer>> {
  const buffer = allocate(bytes)
  for (const { offset, size, dtype, load } of weights) {
    const into = dtype === 'float32' ? new Float32Array(buffer.buffer, offset, size) : undefined
    const values = await load(into)
    if (values !== into) buffer.set(bytesOf(values), offset)
  }
  return buffer
}

function allocate(bytes: number): Uint8Array<ArrayBuffer> {
  try {
    return new Uint8Array(bytes)
  } catch (error) {
    throw outOfMemory(`${Math.ceil(bytes / 2 ** 20)} MiB of weights`, error)
  }
}
