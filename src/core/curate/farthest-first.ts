/**
 * Chooses rows that cover a set: again and again the one that is farthest from all chosen so far (greedy k-center, Gonzalez
 * 1985; as a choice of what to label, Sener and Savarese 2018, algorithm 1). With weights, the row whose distance times
 * weight is largest. Ties go to the earlier row.
 *
 * @param features [rows, width] of unit length, row by row
 * @param covered [n, width] what is covered already, such as images with labels
 * @param weights for each row, not negative; an uncertainty, for example
 * @returns indices of up to `count` rows in the order chosen; copies of what is chosen or covered are left out
 */
export function farthestFirst(
  features: Float32Array,
  width: number,
  count: number,
  { covered, weights }: { covered?: Float32Array; weights?: ArrayLike<number> } = {},
): number[] {
  const rows = features.length / width
  // Two is the cosine distance of opposite rows: nothing is farther.
  const distance = new Float64Array(rows).fill(2)
  const cover = (of: Float32Array, row: number): void => {
    for (let i = 0; i < rows; i++) {
      let cosine = 0
      for (let j = 0; j < width; j++) cosine += features[i * width + j]! * of[row * width + j]!
      distance[i] = Math.min(distance[i]!, 1 - cosine)
    }
  }
  for (let row = 0; row < (covered?.length ?? 0) / width; row++) cover(covered!, row)
  const chosen: number[] = []
  while (chosen.length < count) {
    let best = -1
    let gain = 0
    for (let i = 0; i < rows; i++) {
      // Rounding leaves a copy at a tiny distance.
      const own = distance[i]! < 1e-6 ? 0 : distance[i]! * (weights?.[i] ?? 1)
      if (own > gain) [best, gain] = [i, own]
    }
    if (best < 0) break
    chosen.push(best)
    cover(features, best)
  }
  return chosen
}
