import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire'
import { type ArrayOf, type Attributes, bytesOf, type DType } from './tensor.js'

// The messages of onnx.proto3 that a model of ours needs, written field by field. Numbers are the schema's.

const IR_VERSION = 8
const OPSET = 17

/** TensorProto.DataType */
const dataType: Readonly<Record<DType, number>> = { float32: 1, int32: 6, int64: 7, float16: 10 }

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
  readonly inputs: { name: string; shape: readonly number[] }[]
  readonly outputs: { name: string; shape: readonly number[] }[]
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
  int64(w, 1, IR_VERSION)
  string(w, 2, 'promptsrc')
  message(w, 7, () => writeGraph(w, model))
  for (const [domain, version] of [['', OPSET] as const, ...model.domains]) {
    message(w, 8, () => {
      string(w, 1, domain)
      int64(w, 2, version)
    })
  }
  return w.finish()
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
  for (const { name, shape } of model.inputs) message(w, 11, () => writeValueInfo(w, name, shape))
  for (const { name, shape } of model.outputs) message(w, 12, () => writeValueInfo(w, name, shape))
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

function writeValueInfo(w: BinaryWriter, name: string, shape: readonly number[]): void {
  string(w, 1, name)
  message(w, 2, () =>
    message(w, 1, () => {
      int32(w, 1, dataType.float32)
      message(w, 2, () => {
        for (const n of shape) message(w, 1, () => int64(w, 1, n))
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
