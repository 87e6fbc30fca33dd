import { apply, type Operator } from './operator.js'
import { GraphError, type Tensor } from './tensor.js'

// Convolutions serve the frozen ResNet image tower alone, which no gradient ever crosses: forward only.

const convOperator: Operator = {
  name: 'Conv',
  infer([x, w], { strides, pads }) {
    const [b, channels, height, width] = x!.shape as [number, number, number, number]
    const [out, inner, kh, kw] = w!.shape as [number, number, number, number]
    if (channels !== inner) throw new GraphError(`convolution of [${x!.shape}] with [${w!.shape}]`)
    const stride = (strides as number[])[0] as number
    const padding = 2 * ((pads as number[])[0] as number)
    const side = (n: number, k: number) => Math.floor((n + padding - k) / stride) + 1
    return [[b, out, side(height, kh), side(width, kw)]]
  },
  flops: ({ inputs: [, w], outputs: [y] }) => (2 * y!.size * w!.size) / w!.dim(0),
}

/**
 * 2-D convolution: x [B, C, H, W], weight [O, C, kh, kw], bias [O] -> [B, O, H', W'], zero padding on all sides.
 * Has no gradient.
 */
export function conv2d(x: Tensor, weight: Tensor, bias: Tensor, stride = 1, padding = 0): Tensor {
  const attributes = {
    kernel_shape: [weight.dim(2), weight.dim(3)],
    strides: [stride, stride],
    pads: [padding, padding, padding, padding],
  }
  return apply(convOperator, [x, weight, bias], attributes)
}

const averagePoolOperator: Operator = {
  name: 'AveragePool',
  infer: ([x], { kernel_shape }) => {
    const [b, c, h, w] = x!.shape as [number, number, number, number]
    const side = (kernel_shape as number[])[0] as number
    return [[b, c, Math.floor(h / side), Math.floor(w / side)]]
  },
}

/** Mean over non-overlapping squares of the given side: [B, C, H, W] -> [B, C, H/side, W/side]. Has no gradient. */
export function averagePool2d(x: Tensor, side: number): Tensor {
  return apply(averagePoolOperator, [x], { kernel_shape: [side, side], strides: [side, side] })
}
