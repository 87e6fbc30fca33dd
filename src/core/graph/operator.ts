import { type Attributes, type GraphNode, Tensor } from './tensor.js'

/** How a node is written in ONNX: operator type, attributes, and int64 tensors that follow its inputs. */
export interface OnnxForm {
  readonly type: string
  readonly attributes?: Attributes
  /** Shapes, axes and the like, which ONNX takes as int64 inputs after the data inputs. */
  readonly integers?: readonly (readonly number[])[]
}

/** An operator: shape inference, gradient, and its form in ONNX (opset 17). */
export interface Operator {
  readonly name: string
  /** Shapes of the outputs. Throws GraphError when the inputs do not fit. */
  infer(inputs: readonly Tensor[], attributes: Attributes): readonly (readonly number[])[]
  /**
   * Gradients of the inputs, given those of the outputs (undefined: not needed, i.e. zero).
   * `needed[i]` is false where the i-th input's gradient would be thrown away.
   * Without this function, the operator passes no gradient.
   */
  gradient?(
    node: GraphNode,
    outputGradients: readonly (Tensor | undefined)[],
    needed: readonly boolean[],
  ): readonly (Tensor | undefined)[]
  /** Defaults to the operator's name with the node's attributes. */
  onnx?(node: GraphNode): OnnxForm
  /** Floating-point operations, counted for matrix products and convolutions only. */
  flops?(node: GraphNode): number
}

/** Applies an operator and returns all its outputs. */
export function applyAll(
  operator: Operator,
  inputs: readonly Tensor[],
  attributes: Attributes = {},
): readonly Tensor[] {
  const outputs: Tensor[] = []
  const node: GraphNode = { operator, inputs, attributes, outputs }
  operator.infer(inputs, attributes).forEach((shape, index) => {
    outputs.push(new Tensor(shape, { kind: 'node', node, index }))
  })
  return outputs
}

/** Applies an operator of one output. */
export function apply(operator: Operator, inputs: readonly Tensor[], attributes: Attributes = {}): Tensor {
  return applyAll(operator, inputs, attributes)[0] as Tensor
}
