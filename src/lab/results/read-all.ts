import { limiter } from '../../core/data/ahead.js'

/** Runs read at once. */
const AT_ONCE = 32

/** Reads runs in their order, some at once. */
export function readAll<T, R>(
  runs: readonly T[],
  read: (run: T) => Promise<R>,
  onDone: () => void = () => {},
): Promise<R[]> {
  const limit = limiter(AT_ONCE)
  return Promise.all(runs.map((run) => limit(() => read(run).finally(onDone))))
}
