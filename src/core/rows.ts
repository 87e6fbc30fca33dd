/** Values one after another: the parts of a matrix [rows, width] that came in batches, in one piece. */
export function joined(parts: readonly Float32Array[]): Float32Array {
  const all = new Float32Array(parts.reduce((sum, { length }) => sum + length, 0))
  let at = 0
  for (const part of parts) {
    all.set(part, at)
    at += part.length
  }
  return all
}

/** The vector at length 1. */
export function normalized(vector: Float32Array): Float32Array {
  const norm = Math.sqrt(vector.reduce((sum, x) => sum + x * x, 0))
  return vector.map((x) => x / norm)
}

/** Every row of a matrix [rows, width] at length 1. */
export function unitRows(rows: Float32Array, width: number): Float32Array {
  const unit = new Float32Array(rows.length)
  for (let at = 0; at < rows.length; at += width) unit.set(normalized(rows.subarray(at, at + width)), at)
  return unit
}
