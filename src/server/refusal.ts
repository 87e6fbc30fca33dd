import { ComputeError, UserError } from '../core/errors.js'

/** Statuses that requests are refused with. */
export type RefusalStatus = 400 | 401 | 403 | 404 | 405 | 408 | 413 | 415 | 422 | 500 | 503

/** A request that is refused, and how. */
export class Refusal extends Error {
  override name = 'Refusal'
  constructor(
    readonly status: RefusalStatus,
    message: string,
    /** Of the answer. */
    readonly headers: Readonly<Record<string, string>> = {},
  ) {
    super(message)
  }
}

/** How an error is answered; undefined for one that is the server's own. */
export function refusalOf(error: unknown): Refusal | undefined {
  if (error instanceof Refusal) return error
  if (error instanceof ComputeError) return new Refusal(503, error.message, { 'retry-after': '10' })
  // Hints are about options of the command line.
  return error instanceof UserError ? new Refusal(422, error.message) : undefined
}
