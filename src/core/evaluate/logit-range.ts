/**
 * Logits brought, image by image, to the range of zero-shot CLIP's (Murugesan et al., "Robust calibration of large
 * vision-language adapters", ECCV 2024, sample-adaptive logit scaling). Adaptation widens the range of logits, which makes
 * probabilities too high, most for classes that were not trained; the range of the frozen model undoes that without a
 * held-out image and changes no answer.
 *
 * @param logits [images x classes], row-major
 * @param zeroShot of the same images and classes
 */
export function rangeNormalised(logits: Float32Array, zeroShot: Float32Array, classes: number): Float32Array {
  if (logits.length !== zeroShot.length) {
    throw new RangeError(`${logits.length} logits, and ${zeroShot.length} of zero-shot CLIP`)
  }
  const scaled = new Float32Array(logits.length)
  for (let start = 0; start < logits.length; start += classes) {
    const own = logits.subarray(start, start + classes)
    const [low, high] = rangeOf(own)
    const [from, to] = rangeOf(zeroShot.subarray(start, start + classes))
    const factor = high > low ? (to - from) / (high - low) : 1
    for (const [i, value] of own.entries()) scaled[start + i] = (value - low) * factor + from
  }
  return scaled
}

function rangeOf(values: Float32Array): [low: number, high: number] {
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]
  for (const value of values) {
    if (value < low) low = value
    if (value > high) high = value
  }
  return [low, high]
}
