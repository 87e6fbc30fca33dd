import { nextTurn } from '../core/data/ahead.js'

interface Waiting<T, R> {
  readonly item: T
  readonly signal: AbortSignal | undefined
  readonly resolve: (result: R) => void
  readonly reject: (reason: unknown) => void
}

/**
 * Gathers what comes from many sides into batches. Nothing waits for a batch to fill: what has come while one was at work is
 * the next, so a single request is answered at once, and many are answered together.
 */
export class Batcher<T, R> {
  private readonly queue: Waiting<T, R>[] = []
  private working = false

  /**
   * @param run gives a result for every item, in their order
   * @param largest items of a batch
   */
  constructor(
    private readonly run: (items: readonly T[]) => Promise<readonly R[]>,
    private readonly largest: number,
  ) {}

  /** Items that are in no batch yet. */
  get waiting(): number {
    return this.queue.length
  }

  /**
   * @param signal takes the item back as long as its batch has not begun
   * @throws what the run of its batch throws, or the signal's reason
   */
  submit(item: T, signal?: AbortSignal): Promise<R> {
    const result = new Promise<R>((resolve, reject) => this.queue.push({ item, signal, resolve, reject }))
    if (!this.working) void this.work()
    return result
  }

  private async work(): Promise<void> {
    this.working = true
    // What comes in the same moment belongs together.
    await nextTurn()
    while (this.queue.length > 0) {
      const taken = this.queue.splice(0, this.largest)
      for (const { signal, reject } of taken) if (signal?.aborted) reject(signal.reason)
      const batch = taken.filter(({ signal }) => !signal?.aborted)
      if (batch.length === 0) continue
      try {
        const results = await this.run(batch.map(({ item }) => item))
        for (const [i, { resolve }] of batch.entries()) resolve(results[i]!)
      } catch (error) {
        for (const { reject } of batch) reject(error)
      }
    }
    this.working = false
  }
}
