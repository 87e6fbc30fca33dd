/**
 * Byte-pair merging of one word: as long as some neighbouring pair has a rank, every occurrence of the pair of
 * lowest rank is joined, left to right. O(n log n) in the number of symbols, so that no word is too long.
 *
 * @param symbols the word's symbols; the array is used up
 * @param ranks rank of each mergeable pair, keyed `left right`
 */
export function mergeWord(symbols: string[], ranks: ReadonlyMap<string, number>): string[] {
  const length = symbols.length
  const next = Int32Array.from({ length }, (_, i) => i + 1)
  const previous = Int32Array.from({ length }, (_, i) => i - 1)
  const queue = new MinimumQueue()
  const rankAt = (i: number): number | undefined => {
    const j = next[i] as number
    return j < length ? ranks.get(`${symbols[i]} ${symbols[j]}`) : undefined
  }
  const enqueue = (i: number): void => {
    const rank = rankAt(i)
    if (rank !== undefined) queue.push(rank * length + i)
  }
  for (let i = 0; i + 1 < length; i++) enqueue(i)

  while (queue.size > 0) {
    const rank = Math.floor(queue.minimum() / length)
    // Pairs that appear while a rank is being joined wait until all of that rank are done, whatever their own.
    const touched: number[] = []
    while (queue.size > 0 && Math.floor(queue.minimum() / length) === rank) {
      const i = queue.pop() % length
      if (symbols[i] === '' || rankAt(i) !== rank) continue
      const j = next[i] as number
      symbols[i] = `${symbols[i]}${symbols[j]}`
      symbols[j] = ''
      const after = next[j] as number
      next[i] = after
      if (after < length) previous[after] = i
      touched.push(i)
      if ((previous[i] as number) >= 0) touched.push(previous[i] as number)
    }
    for (const i of touched) if (symbols[i] !== '') enqueue(i)
  }
  return symbols.filter((symbol) => symbol !== '')
}

/** A binary heap of numbers. */
class MinimumQueue {
  private readonly heap: number[] = []

  get size(): number {
    return this.heap.length
  }

  minimum(): number {
    return this.heap[0] as number
  }

  push(value: number): void {
    const { heap } = this
    let i = heap.length
    while (i > 0) {
      const parent = (i - 1) >> 1
      const held = heap[parent] as number
      if (held <= value) break
      heap[i] = held
      i = parent
    }
    heap[i] = value
  }

  pop(): number {
    const { heap } = this
    const result = heap[0] as number
    const value = heap.pop() as number
    const { length } = heap
    if (length === 0) return result
    let i = 0
    for (;;) {
      let child = 2 * i + 1
      if (child >= length) break
      if (child + 1 < length && (heap[child + 1] as number) < (heap[child] as number)) child++
      if ((heap[child] as number) >= value) break
      heap[i] = heap[child] as number
      i = child
    }
    heap[i] = value
    return result
  }
}
