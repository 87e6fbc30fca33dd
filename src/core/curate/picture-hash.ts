/** Sides of the grey picture that {@link differenceHash} takes: one column more than there are bits in a row. */
export const HASH_WIDTH = 9
export const HASH_HEIGHT = 8

/**
 * The difference hash of a picture: a bit for each pair of neighbours in a row, set where brightness grows to the right.
 * It outlives re-encoding, scaling and changes of brightness, but not crops, mirroring or rotation (Krawetz 2013, "Kind of
 * like that").
 *
 * @param grey [{@link HASH_HEIGHT}, {@link HASH_WIDTH}] brightness, row by row, in any unit
 * @returns 64 bits, the first pair highest
 * @throws RangeError for another number of values
 */
export function differenceHash(grey: ArrayLike<number>): bigint {
  if (grey.length !== HASH_WIDTH * HASH_HEIGHT) {
    throw new RangeError(`${grey.length} values; expected ${HASH_WIDTH * HASH_HEIGHT}`)
  }
  let hash = 0n
  for (let y = 0; y < HASH_HEIGHT; y++) {
    for (let x = 0; x < HASH_WIDTH - 1; x++) {
      const at = y * HASH_WIDTH + x
      hash = (hash << 1n) | (grey[at + 1]! > grey[at]! ? 1n : 0n)
    }
  }
  return hash
}

/** Bits in which two hashes differ. */
export function hammingDistance(a: bigint, b: bigint): number {
  let count = 0
  for (let rest = a ^ b; rest > 0n; rest &= rest - 1n) count++
  return count
}
