// Symbolic tensors (tensor.ts), the operators that combine them (ops.ts, layout.ts, neural.ts), the table of their
// gradients (gradient.ts), the same with less (simplify.ts), what it will take (cost.ts) and how it becomes an ONNX model
// (onnx.ts, weights-files.ts, compile.ts). Each file imports only files named before it. Models that are run elsewhere have more operators
// (inference-only.ts), sizes that stay open (open-sizes.ts), and their constants inside (model-file.ts): who makes
// such imports these files.

export { type EncodedGraph, encodeGraph } from './compile.js'
export { type GraphCost, graphCost } from './cost.js'
export { gradients, recomputed } from './gradient.js'
export { concat, expand, pad, reshape, slice, split, swapLast, transpose } from './layout.js'
export {
  attention,
  averagePool2d,
  conv2d,
  type GemmOptions,
  gelu,
  gemm,
  l2Normalize,
  layerNorm,
  logSoftmax,
  matmul,
  normalize,
  quickGelu,
  silu,
  softmax,
} from './neural.js'
export {
  abs,
  add,
  type CustomGradient,
  cast,
  customGradient,
  div,
  erf,
  exp,
  log,
  max,
  mean,
  mul,
  neg,
  type Operand,
  relu,
  sigmoid,
  sign,
  sqrt,
  stopGradient,
  sub,
  sum,
} from './ops.js'
export {
  type ArrayOf,
  type Attribute,
  type Attributes,
  apply,
  applyAll,
  bytesOf,
  type ConstantOptions,
  type ConstantOrigin,
  constant,
  type Derived,
  type Domain,
  type DType,
  GraphError,
  type GraphNode,
  type HostTensor,
  input,
  inputsOf,
  type LoadValues,
  type OnnxForm,
  type Operator,
  type Origin,
  ones,
  scalar,
  sizeOf,
  Tensor,
  values,
  zeros,
} from './tensor.js'
export type { DerivedFile, ExternalWeight, WeightsFile } from './weights-files.js'
