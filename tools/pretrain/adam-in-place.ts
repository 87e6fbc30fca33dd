/** One parameter with what Adam remembers of it. */
export interface AdamSlot {
  readonly values: Float32Array
  /** Means of gradients and of their squares. */
  readonly first: Float32Array
  readonly second: Float32Array
}

/**
 * One step of Adam with decoupled weight decay that overwrites what it is given: the arithmetic of core's `adamW`, without
 * the new arrays of every step, which take a sixth of a pre-training's time.
 *
 * @param count updates with this one, from 1
 * @param decay weight decay times learning rate
 */
export function adamInPlace(
  { values, first, second }: AdamSlot,
  gradient: Float32Array,
  {
    count,
    rate,
    decay,
    beta1,
    beta2,
    epsilon,
  }: { count: number; rate: number; decay: number; beta1: number; beta2: number; epsilon: number },
): void {
  const correction1 = 1 - beta1 ** count
  const correction2 = 1 - beta2 ** count
  const keep = 1 - decay
  for (let i = 0; i < values.length; i++) {
    const g = gradient[i]!
    first[i] = beta1 * first[i]! + (1 - beta1) * g
    second[i] = beta2 * second[i]! + (1 - beta2) * g * g
    values[i] =
      keep * values[i]! - (rate * (first[i]! / correction1)) / (Math.sqrt(second[i]! / correction2) + epsilon)
  }
}
