import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire'
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
  const w = new BinaryWriter()
  writeHead(w)
  message(w, 7, () => writeGraph(w, model))
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
  const bytesOfMessage = (write: (w: BinaryWriter) => void) => {
    const w = new BinaryWriter()
    write(w)
    return w.finish()
  }
  const graph = bytesOfMessage((w) => writeGraph(w, model))
  // The fields of a message may stand in any order: the large constants follow the rest of the graph.
  const heads = constants.map(({ name, shape, dtype, length }) => {
    const head = bytesOfMessage((w) => {
      dims(w, shape)
      int32(w, 2, dataType[dtype])
      string(w, 8, name)
      w.tag(9, WireType.LengthDelimited).uint32(length)
    })
    return bytesOfMessage((w) => {
      w.tag(5, WireType.LengthDelimited)
        .uint32(head.length + length)
        .raw(head)
    })
  })
  const inside = constants.reduce((sum, { length }, i) => sum + heads[i]!.length + length, graph.length)
  const before = bytesOfMessage((w) => {
    writeHead(w)
    w.tag(7, WireType.LengthDelimited).uint32(inside)
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

function writeHead(w: BinaryWriter): void {
  int64(w, 1, IR_VERSION)
  string(w, 2, 'promptsrc')
}

function writeTail(w: BinaryWriter, { domains }: OnnxModel): void {
  for (const [domain, version] of [['', OPSET] as const, ...domains]) {
    message(w, 8, () => {
      string(w, 1, domain)
      int64(w, 2, version)
    })
  }
}

function writeGraph(w: BinaryWriter, model: OnnxModel): void {
  for (const node of model.nodes) {
    message(w, 1, () => {
      for (const name of node.inputs) string(w, 1, name)
      for (const name of node.outputs) string(w, 2, name)
      string(w, 4, node.type)
      for (const [name, value] of Object.entries(node.attributes))
        message(w, 5, () => writeAttribute(w, name, value))
      if (node.domain) string(w, 7, node.domain)
    })
  }
  string(w, 2, 'graph')
  for (const { name, shape, dtype, data } of model.inline) {
    message(w, 5, () => {
      dims(w, shape)
      int32(w, 2, dataType[dtype])
      string(w, 8, name)
      w.tag(9, WireType.LengthDelimited).bytes(bytesOf(data))
    })
  }
  for (const { name, shape, dtype, location, offset, length } of model.external) {
    message(w, 5, () => {
      dims(w, shape)
      int32(w, 2, dataType[dtype])
      string(w, 8, name)
      entry(w, 13, 'location', location)
      entry(w, 13, 'offset', `${offset}`)
      entry(w, 13, 'length', `${length}`)
      int32(w, 14, 1)
    })
  }
  for (const value of model.inputs) message(w, 11, () => writeValueInfo(w, value))
  for (const value of model.outputs) message(w, 12, () => writeValueInfo(w, value))
}

function writeAttribute(w: BinaryWriter, name: string, value: Attributes[string]): void {
  string(w, 1, name)
  if (typeof value === 'number') {
    int64(w, 3, value)
    int32(w, 20, 2)
  } else if (typeof value === 'string') {
    w.tag(4, WireType.LengthDelimited).bytes(new TextEncoder().encode(value))
    int32(w, 20, 3)
  } else if ('float' in value) {
    w.tag(2, WireType.Bit32).float(value.float)
    int32(w, 20, 1)
  } else if ('dtype' in value) {
    int64(w, 3, dataType[value.dtype])
    int32(w, 20, 2)
  } else {
    for (const n of value) int64(w, 8, n)
    int32(w, 20, 7)
  }
}

function writeValueInfo(w: BinaryWriter, { name, shape, dtype }: OnnxValue): void {
  string(w, 1, name)
  message(w, 2, () =>
    message(w, 1, () => {
      int32(w, 1, dataType[dtype])
      message(w, 2, () => {
        for (const n of shape) message(w, 1, () => (typeof n === 'string' ? string(w, 2, n) : int64(w, 1, n)))
      })
    }),
  )
}

function message(w: BinaryWriter, field: number, write: () => void): void {
  w.tag(field, WireType.LengthDelimited).fork()
  write()
  w.join()
}

const string = (w: BinaryWriter, field: number, value: string) =>
  w.tag(field, WireType.LengthDelimited).string(value)
const int32 = (w: BinaryWriter, field: number, value: number) => w.tag(field, WireType.Varint).int32(value)
const int64 = (w: BinaryWriter, field: number, value: number) => w.tag(field, WireType.Varint).int64(value)
const dims = (w: BinaryWriter, shape: readonly number[]) => {
  for (const n of shape) int64(w, 1, n)
}
const entry = (w: BinaryWriter, field: number, key: string, value: string) =>
  message(w, field, () => {
    string(w, 1, key)
    string(w, 2, value)
  })
