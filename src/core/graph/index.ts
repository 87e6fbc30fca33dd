export { averagePool2d, conv2d } from './convolution.js'
export { customGradient, stopGradient } from './custom-gradient.js'
export * from './elementwise.js'
export { type EncodedGraph, encodeGraph } from './encode.js'
export { gradients } from './gradient.js'
export { concat, expand, pad, reshape, slice, split, swapLast, transpose } from './layout.js'
export {
  attention,
  gelu,
  l2Normalize,
  layerNorm,
  logSoftmax,
  normalize,
  quickGelu,
  silu,
  softmax,
} from './neural.js'
export { gemm, matmul } from './product.js'
export { max, mean, sum } from './reduce.js'
export {
  constant,
  GraphError,
  type HostTensor,
  input,
  type LoadValues,
  scalar,
  sizeOf,
  Tensor,
  values,
  zeros,
} from './tensor.js'
