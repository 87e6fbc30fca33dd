/** Value and gradient of a function at a point. */
export interface Evaluated {
  readonly value: number
  readonly gradient: Float64Array
}

/** A point on the line, with what the function is there. */
export interface LinePoint extends Evaluated {
  readonly step: number
  /** Derivative along the direction. */
  readonly slope: number
}

/** Sufficient decrease, as a share of what the first slope promises. */
const DECREASE = 1e-4
/** Largest slope left, as a share of the first: loose, as quasi-Newton directions need it. */
const CURVATURE = 0.9
const MAX_EVALUATIONS = 20
/** Where values differ by no more than this share of them, slopes alone judge: values may come from float32. */
const VALUE_NOISE = 1e-6
/** A trial step keeps this share of the bracket's width away from its ends. */
const MARGIN = 0.1

/**
 * A step along a descent direction that meets the strong Wolfe conditions (Nocedal and Wright, "Numerical
 * optimization", algorithms 3.5 and 3.6): it is lengthened until a bracket is found, which cubic interpolation then
 * narrows. Where the function is not finite the step is too long. Close to the minimum, where rounding hides the
 * decrease, a step of small slope is taken without it (Hager and Zhang, "A new conjugate gradient method with
 * guaranteed descent and an efficient line search", 2005, "approximate Wolfe").
 *
 * @param at the function on the line, by step length
 * @param start step 0
 * @param first step tried first
 * @returns undefined where no step within the evaluations decreases the function enough: it is flat to its precision
 */
export async function lineSearch(
  at: (step: number) => Promise<LinePoint>,
  start: LinePoint,
  first: number,
): Promise<LinePoint | undefined> {
  const tooHigh = ({ step, value }: LinePoint) =>
    !(value <= start.value + DECREASE * step * start.slope) || !Number.isFinite(value)
  const noisy = ({ value }: LinePoint) => value - start.value <= VALUE_NOISE * Math.abs(start.value)
  const flat = ({ slope }: LinePoint) => Math.abs(slope) <= -CURVATURE * start.slope

  let low = start
  let high: LinePoint | undefined
  let step = first
  for (let i = 0; i < MAX_EVALUATIONS; i++) {
    const point = await at(step)
    if (flat(point) && noisy(point)) return point
    if (tooHigh(point) || (low !== start && point.value >= low.value)) high = point
    else {
      // The minimum lies on the side to which the function falls from the better point.
      if (high ? point.slope * (high.step - low.step) >= 0 : point.slope >= 0) high = low
      low = point
    }
    step = high ? between(low, high) : 2 * step
  }
  return low === start ? undefined : low
}

/** The minimum of the cubic through values and slopes of two points, kept off them; their middle where there is none. */
function between(a: LinePoint, b: LinePoint): number {
  const width = b.step - a.step
  const secant = a.slope + b.slope - (3 * (b.value - a.value)) / width
  const root = Math.sign(width) * Math.sqrt(secant * secant - a.slope * b.slope)
  const share = 1 - (b.slope + root - secant) / (b.slope - a.slope + 2 * root)
  if (!Number.isFinite(share)) return a.step + width / 2
  return a.step + width * Math.min(1 - MARGIN, Math.max(MARGIN, share))
}
