import { setTimeout as delay } from 'node:timers/promises'
import { HttpError, NetworkError } from './http.js'

/** Options of {@link retrying}. */
export interface RetryOptions {
  readonly signal?: AbortSignal | undefined
  /** Wait before the second attempt; doubles with each further one. */
  readonly retryDelayMs: number
  /** Bytes that have arrived so far: as long as it grows, attempts do not run out. */
  readonly received?: () => number
}

const maxAttempts = 5
const maxWaitMs = 60_000

/**
 * Tries again after errors that pass: a cut connection, an overloaded server. A server that was never reached is not
 * asked again, so that a machine without a network says so at once.
 */
export async function retrying<T>(attempt: () => Promise<T>, options: RetryOptions): Promise<T> {
  const { signal, retryDelayMs, received = () => 0 } = options
  const atStart = received()
  let most = atStart
  for (let failures = 1; ; failures++) {
    try {
      return await attempt()
    } catch (error) {
      if (received() > most) {
        most = received()
        failures = 1
      }
      const wait = passes(error, most > atStart)
      if (wait === false || failures >= maxAttempts) throw error
      await pause(Math.min(Math.max(wait, retryDelayMs * 2 ** (failures - 1)), maxWaitMs), signal)
    }
  }
}

/** Milliseconds that the server asks to wait, or false when another attempt is of no use. */
function passes(error: unknown, hadContact: boolean): number | false {
  if (error instanceof NetworkError) return error.answered || hadContact ? 0 : false
  if (!(error instanceof HttpError)) return false
  return [408, 429, 500, 502, 503, 504].includes(error.status) ? (error.retryAfterMs ?? 0) : false
}

async function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  await delay(ms, undefined, signal ? { signal } : {}).catch(() => {})
  signal?.throwIfAborted()
}
