import type { ParameterSpec } from './method.js'

/** Parameters with their sizes filled in; `images` is the number of training images. */
export function sizedParameters(parameters: readonly ParameterSpec[], images = 0): ParameterSpec[] {
  return parameters.map((spec) =>
    spec.shape[0] === -1 ? { ...spec, shape: [images, ...spec.shape.slice(1)] } : spec,
  )
}

/** The shape that so many values have. */
export function shapeOf({ shape }: ParameterSpec, length: number): readonly number[] {
  if (shape[0] !== -1) return shape
  const rest = shape.slice(1)
  return [length / rest.reduce((product, n) => product * n, 1), ...rest]
}

/** Whether a tensor of that shape can hold the parameter's values. */
export function fitsShape({ shape }: ParameterSpec, found: readonly number[] | undefined): boolean {
  return found?.length === shape.length && shape.every((n, axis) => n === -1 || n === found[axis])
}
