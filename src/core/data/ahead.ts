/** Something that may take a while and stops early, by throwing the signal's reason, when the signal aborts. */
export type Task<T> = (signal: AbortSignal) => Promise<T>

/**
 * Results of the tasks in their order, with up to `depth` tasks running or waiting to be taken ahead of the consumer.
 * When the consumer stops early, a task fails or the signal aborts, no further task is started, those running are
 * told to stop, and the iteration ends only when all of them have.
 */
export async function* ahead<T>(
  tasks: Iterable<Task<T>>,
  depth: number,
  signal?: AbortSignal,
): AsyncGenerator<T, void, undefined> {
  const stop = new AbortController()
  const either = signal === undefined ? stop.signal : AbortSignal.any([signal, stop.signal])
  const running: Promise<T>[] = []
  const coming = tasks[Symbol.iterator]()
  const fill = () => {
    while (running.length < Math.max(1, depth)) {
      const next = coming.next()
      if (next.done) break
      const result = next.value(either)
      // A failure is reported when its turn comes; until then it must not count as unhandled.
      result.catch(() => {})
      running.push(result)
    }
  }
  try {
    signal?.throwIfAborted()
    for (fill(); running.length > 0; signal?.throwIfAborted()) {
      const value = await running[0]!
      running.shift()
      fill()
      yield value
    }
  } finally {
    stop.abort()
    await Promise.allSettled(running)
  }
}

/** Runs tasks as they come, at most `count` of them at a time. */
export function limiter(count: number): <T>(task: () => Promise<T>) => Promise<T> {
  let free = count
  const waiting: (() => void)[] = []
  return async (task) => {
    if (free > 0) free--
    else await new Promise<void>((start) => waiting.push(start))
    try {
      return await task()
    } finally {
      const start = waiting.shift()
      if (start === undefined) free++
      else start()
    }
  }
}

const { setImmediate: immediate } = globalThis as { setImmediate?: (task: () => void) => void }

/** Lets messages and timers that wait get their turn. A timer would wait a millisecond, in browsers four. */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => {
    if (immediate) return immediate(resolve)
    const { port1, port2 } = new MessageChannel()
    port1.onmessage = () => {
      port1.close()
      resolve()
    }
    port2.postMessage(undefined)
  })
}
