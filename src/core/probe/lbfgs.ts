import { type Evaluated, type LinePoint, lineSearch } from './line-search.js'

/** A differentiable function. It must not keep or change the point. */
export type Objective = (x: Float64Array) => Evaluated | Promise<Evaluated>

/** Options of {@link minimize}. */
export interface MinimizeOptions {
  /** Stop when no entry of the gradient is larger. Default: 1e-4, scikit-learn's. */
  readonly gradientTolerance?: number
  /**
   * Stop when an iteration's decrease, relative to the larger of value and 1, is not larger. Default: 2.2e-9, SciPy's.
   * Near the minimum values may rise by rounding; a negative tolerance goes on until the gradient is small.
   */
  readonly valueTolerance?: number
  /** Default: 1000. */
  readonly maxIterations?: number
  /** Last steps that the curvature is estimated from. Default: 10. */
  readonly memory?: number
  readonly signal?: AbortSignal
}

/** Where a minimisation ended. */
export interface Minimum extends Evaluated {
  readonly x: Float64Array
  readonly iterations: number
  /** Why it ended; `precision`: no step decreases the function measurably. */
  readonly reason: 'gradient' | 'value' | 'precision' | 'iterations'
}

/** One step and the change of the gradient along it. */
interface Correction {
  readonly step: Float64Array
  readonly change: Float64Array
  /** Their inner product. */
  readonly product: number
}

/**
 * Minimises a smooth function by L-BFGS (Nocedal and Wright, "Numerical optimization", algorithms 7.4 and 7.5).
 * Deterministic. Throws the signal's reason when it aborts.
 */
export async function minimize(
  objective: Objective,
  start: Float64Array,
  options: MinimizeOptions = {},
): Promise<Minimum> {
  const { gradientTolerance = 1e-4, valueTolerance = 2.2e-9, maxIterations = 1000, memory = 10 } = options
  let x = start
  let current = await objective(x)
  let corrections: Correction[] = []
  const ended = (reason: Minimum['reason'], iterations: number): Minimum => ({
    x,
    ...current,
    reason,
    iterations,
  })

  for (let iteration = 0; iteration < maxIterations; iteration++) {
    options.signal?.throwIfAborted()
    if (largest(current.gradient) <= gradientTolerance) return ended('gradient', iteration)
    let moved = await moveAlong(objective, x, current, corrections)
    if (!moved && corrections.length > 0) {
      corrections = []
      moved = await moveAlong(objective, x, current, corrections)
    }
    if (!moved) return ended('precision', iteration)
    const { point, direction } = moved
    const previous = current
    const step = direction.map((d) => point.step * d)
    const change = point.gradient.map((g, i) => g - previous.gradient[i]!)
    x = x.map((value, i) => value + step[i]!)
    current = { value: point.value, gradient: point.gradient }
    const product = dot(step, change)
    // Only positive curvature keeps the next direction one of descent.
    if (product > Number.EPSILON * dot(change, change)) {
      corrections = [...corrections, { step, change, product }].slice(-memory)
    }
    const scale = Math.max(Math.abs(previous.value), Math.abs(current.value), 1)
    if (previous.value - current.value <= valueTolerance * scale) return ended('value', iteration + 1)
  }
  return ended('iterations', maxIterations)
}

async function moveAlong(
  objective: Objective,
  x: Float64Array,
  { value, gradient }: Evaluated,
  corrections: readonly Correction[],
): Promise<{ point: LinePoint; direction: Float64Array } | undefined> {
  const direction = newtonDirection(gradient, corrections)
  const slope = dot(direction, gradient)
  if (!(slope < 0)) return undefined
  // Without an estimate of the curvature the gradient's length says nothing about the step's.
  const first = corrections.length > 0 ? 1 : 1 / Math.sqrt(-slope)
  const at = async (step: number): Promise<LinePoint> => {
    const found = await objective(x.map((v, i) => v + step * direction[i]!))
    return { step, ...found, slope: dot(found.gradient, direction) }
  }
  const point = await lineSearch(at, { step: 0, value, gradient, slope }, first)
  return point && { point, direction }
}

/** -H gradient, where H estimates the inverse Hessian from the corrections: the two-loop recursion. */
function newtonDirection(gradient: Float64Array, corrections: readonly Correction[]): Float64Array {
  const direction = gradient.map((g) => -g)
  const weights: number[] = []
  for (const { step, change, product } of corrections.toReversed()) {
    const weight = dot(step, direction) / product
    weights.push(weight)
    addScaled(direction, -weight, change)
  }
  const last = corrections.at(-1)
  if (last) {
    const scale = last.product / dot(last.change, last.change)
    for (let i = 0; i < direction.length; i++) direction[i]! *= scale
  }
  for (const { step, change, product } of corrections) {
    addScaled(direction, weights.pop()! - dot(change, direction) / product, step)
  }
  return direction
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!
  return sum
}

function addScaled(target: Float64Array, factor: number, other: Float64Array): void {
  for (let i = 0; i < target.length; i++) target[i]! += factor * other[i]!
}

function largest(values: Float64Array): number {
  return values.reduce((most, value) => Math.max(most, Math.abs(value)), 0)
}
