/** Files read at once. */
const BATCH = 32

/** Maps in order, some at once. */
export async function inBatches<T, R>(
  items: readonly T[],
  read: (item: T) => Promise<R>,
  onDone: () => void = () => {},
): Promise<R[]> {
  const results: R[] = []
  for (let i = 0; i < items.length; i += BATCH) {
    const batch = items.slice(i, i + BATCH).map(async (item) => {
      const result = await read(item)
      onDone()
      return result
    })
    results.push(...(await Promise.all(batch)))
  }
  return results
}
