import { MessageWriter } from './message-writer.js'
import { type ArrayOf, type Attributes, bytesOf, type DType } from './tensor.js'

// The messages of onnx.proto3 that a model of ours needs, written field by field. Numbers are the schema's.

const IR_VERSION = 8
const OPSET = 17

/** TensorProto.DataType */
const dataType: Readonly<Record<DType, number>> = {
  float32: 1,
  uint8: 2,
  int8: 3,
  int32: 6,
  int64: 7,
  float16: 10,
}

/** An input or output; sizes that are open have names. */
export interface OnnxValue {
  readonly name: string
  readonly shape: readonly (number | string)[]
  readonly dtype: DType
}

/** A model as it is written: nodes in execution order. */
export interface OnnxModel {
  /** Versions of the operator sets beside ONNX's own. */
  readonly domains: ReadonlyMap<string, number>
  readonly nodes: {
    type: string
    domain: string | undefined
    inputs: string[]
    outputs: string[]
    attributes: Attributes
  }[]
  readonly inputs: OnnxValue[]
  readonly outputs: OnnxValue[]
  /** Constants inside the model. */
  readonly inline: { name: string; shape: readonly number[]; dtype: DType; data: ArrayOf[DType] }[]
  /** Constants in a file beside the model; offset and length in bytes. */
  readonly external: {
    name: string
    shape: readonly number[]
    dtype: DType
    location: string
    offset: number
    length: number
  }[]
}

/** The bytes of an ONNX ModelProto. */
export function writeOnnx(model: OnnxModel): Uint8Array {
  const w = new MessageWriter()
  writeHead(w)
  w.message(7, () => writeGraph(w, model))
  writeTail(w, model)
  return w.finish()
}

/** A constant to be written into a model, whose values are read when their turn comes. */
export interface LaterConstant {
  readonly name: string
  readonly shape: readonly number[]
  readonly dtype: DType
  /** In bytes. */
  readonly length: number
  load(): Promise<ArrayOf[DType]>
}

/** A file that is written piece by piece, its length known before. */
export interface ByteStream {
  /** Length in bytes. */
  readonly size: number
  chunks(): AsyncIterable<Uint8Array>
}

/**
 * An ONNX ModelProto with large constants inside, of which one at a time is in memory.
 *
 * @param metadata texts by name, which a reader of the model can ask for
 */
export function streamOnnx(
  model: OnnxModel,
  constants: readonly LaterConstant[],
  metadata: Readonly<Record<string, string>> = {},
): ByteStream {
  const bytesOfMessage = (write: (w: MessageWriter) => void) => {
    const w = new MessageWriter()
    write(w)
    return w.finish()
  }
  const graph = bytesOfMessage((w) => writeGraph(w, model))
  // The fields of a message may stand in any order: the large constants follow the rest of the graph.
  const heads = constants.map(({ name, shape, dtype, length }) => {
    const head = bytesOfMessage((w) => {
      dims(w, shape)
      w.integer(2, dataType[dtype])
      w.string(8, name)
      w.head(9, length)
    })
    return bytesOfMessage((w) => {
      w.head(5, head.length + length)
      w.raw(head)
    })
  })
  const inside = constants.reduce((sum, { length }, i) => sum + heads[i]!.length + length, graph.length)
  const before = bytesOfMessage((w) => {
    writeHead(w)
    w.head(7, inside)
  })
  const after = bytesOfMessage((w) => {
    writeTail(w, model)
    for (const [key, value] of Object.entries(metadata)) entry(w, 14, key, value)
  })
  return {
    size: before.length + inside + after.length,
    async *chunks() {
      yield before
      yield graph
      for (const [i, constant] of constants.entries()) {
        yield heads[i]!
        yield bytesOf(await constant.load())
      }
      yield after
    },
  }
}

function writeHead(w: MessageWriter): void {
  w.integer(1, IR_VERSION)
  w.string(2, 'promptsrc')
}

function writeTail(w: MessageWriter, { domains }: OnnxModel): void {
  for (const [domain, version] of [['', OPSET] as const, ...domains]) {
    w.message(8, () => {
      w.string(1, domain)
      w.integer(2, version)
    })
  }
}

function writeGraph(w: MessageWriter, model: OnnxModel): void {
  for (const node of model.nodes) {
    w.message(1, () => {
      for (const name of node.inputs) w.string(1, name)
      for (const name of node.outputs) w.string(2, name)
      w.string(4, node.type)
      for (const [name, value] of Object.entries(node.attributes))
        w.message(5, () => writeAttribute(w, name, value))
      if (node.domain) w.string(7, node.domain)
    })
  }
  w.string(2, 'graph')
  for (const { name, shape, dtype, data } of model.inline) {
    w.message(5, () => {
      dims(w, shape)
      w.integer(2, dataType[dtype])
      w.string(8, name)
      w.bytes(9, bytesOf(data))
    })
  }
  for (const { name, shape, dtype, location, offset, length } of model.external) {
    w.message(5, () => {
      dims(w, shape)
      w.integer(2, dataType[dtype])
      w.string(8, name)
      entry(w, 13, 'location', location)
      entry(w, 13, 'offset', `${offset}`)
      entry(w, 13, 'length', `${length}`)
      w.integer(14, 1)
    })
  }
  for (const value of model.inputs) w.message(11, () => writeValueInfo(w, value))
  for (const value of model.outputs) w.message(12, () => writeValueInfo(w, value))
}

function writeAttribute(w: MessageWriter, name: string, value: Attributes[string]): void {
  w.string(1, name)
  if (typeof value === 'number') {
    w.integer(3, value)
    w.integer(20, 2)
  } else if (typeof value === 'string') {
    w.string(4, value)
    w.integer(20, 3)
  } else if ('float' in value) {
    w.float(2, value.float)
    w.integer(20, 1)
  } else if ('dtype' in value) {
    w.integer(3, dataType[value.dtype])
    w.integer(20, 2)
  } else {
    for (const n of value) w.integer(8, n)
    w.integer(20, 7)
  }
}

function writeValueInfo(w: MessageWriter, { name, shape, dtype }: OnnxValue): void {
  w.string(1, name)
  w.message(2, () =>
    w.message(1, () => {
      w.integer(1, dataType[dtype])
      w.message(2, () => {
        for (const n of shape) w.message(1, () => (typeof n === 'string' ? w.string(2, n) : w.integer(1, n)))
      })
    }),
  )
}

const dims = (w: MessageWriter, shape: readonly number[]) => {
  for (const n of shape) w.integer(1, n)
}
const entry = (w: MessageWriter, field: number, key: string, value: string) =>
  w.message(field, () => {
    w.string(1, key)
    w.string(2, value)
  })
