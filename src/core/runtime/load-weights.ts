import { bytesOf, type DerivedFile, type EncodedGraph, type WeightsFile } from '../graph/index.js'
import { outOfMemory } from './failures.js'

/** Where files of weights that follow from a model are kept for later. */
export interface KeptWeights {
  /** Where so many bytes of that are kept; undefined where they are not. */
  find(derived: DerivedFile, bytes: number): Promise<KeptFile | undefined>
  /** Keeps them if that can be done. They are read until this is settled. */
  keep(derived: DerivedFile, bytes: Uint8Array): Promise<void>
}

/** A file that is kept. All of one model are in one folder. */
export interface KeptFile {
  readonly folder: string
  readonly name: string
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
 * Makes something of a graph and its large constants.
 *
 * @throws ComputeError where memory does not suffice, and what `create` throws
 */
export async function withWeights<T>(
  graph: EncodedGraph,
  kept: KeptWeights | undefined,
  create: (model: LoadedModel) => Promise<T>,
): Promise<T> {
  const model = await loadWeights(graph, kept)
  try {
    return await create(model)
  } catch (error) {
    if (model.folder === undefined) throw error
    // Another process may have removed the files since they were found.
    return create(await loadWeights(graph))
  }
}

/**
 * A graph with its large constants: all in memory, or those that are kept in their files and the others inside the model, since
 * ONNX Runtime takes no mixture of files and memory.
 */
async function loadWeights(graph: EncodedGraph, kept?: KeptWeights): Promise<LoadedModel> {
  const { onnx, files, moved } = graph
  const found = new Map<WeightsFile, KeptFile>()
  for (const file of files) {
    const at = file.derived && (await kept?.find(file.derived, file.bytes))
    if (at) found.set(file, at)
  }
  const inside = files.reduce((sum, file) => sum + (found.has(file) ? 0 : file.bytes), 0)
  const [first] = found.values()
  const mapped = first !== undefined && moved !== undefined && inside <= MOST_INSIDE
  const loaded = new Map<WeightsFile, Uint8Array<ArrayBuffer>>()
  for (const file of files) {
    if (mapped && found.has(file)) continue
    const data = await weightsBuffer(file)
    loaded.set(file, data)
    if (file.derived && !found.has(file)) await kept?.keep(file.derived, data)
  }
  if (!mapped) {
    return {
      onnx,
      weights: [...loaded].map(([{ location }, data]) => ({ path: location, data })),
      folder: undefined,
    }
  }
  const names = [...found].map(([file, { name }]) => [file, name] as const)
  return {
    onnx: moved(new Map<WeightsFile, string | Uint8Array<ArrayBuffer>>([...names, ...loaded])),
    weights: [],
    folder: first.folder,
  }
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
