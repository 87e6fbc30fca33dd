import { UserError, WeightsError } from '../core/errors.js'

/** How files are fetched. */
export interface FetchOptions {
  readonly signal?: AbortSignal | undefined
  /** In place of the global `fetch`, for example to send credentials. */
  readonly fetch?: typeof fetch | undefined
}

/** Attempts in all, and the pause before the second one, in milliseconds; every further pause is twice as long. */
const attempts = 3
const firstPause = 300

/**
 * Fetches a file or a range of it, again where the server is busy or the connection breaks.
 *
 * @param range bytes `from` up to `to`, not included
 * @throws WeightsError naming the address and the answer; the signal's reason when it aborts
 */
export async function fetched(
  url: string,
  { signal, fetch = globalThis.fetch, method = 'GET' }: FetchOptions & { readonly method?: 'GET' | 'HEAD' },
  range?: { readonly from: number; readonly to: number },
): Promise<Response> {
  const headers: Record<string, string> = range ? { range: `bytes=${range.from}-${range.to - 1}` } : {}
  for (let attempt = 1, pause = firstPause; ; attempt++, pause *= 2) {
    let failure: UserError
    try {
      const response = await fetch(url, { method, headers, ...(signal ? { signal } : {}) })
      if (response.ok && !isWebPage(response)) return response
      await response.body?.cancel()
      failure = refused(url, response)
      if (response.status < 500 && response.status !== 429) throw failure
    } catch (cause) {
      signal?.throwIfAborted()
      if (cause instanceof UserError) throw cause
      failure = unreachable(url, cause)
    }
    if (attempt === attempts) throw failure
    await new Promise((resume) => setTimeout(resume, pause))
  }
}

/** The error of a server that cannot be reached, or of a connection that broke. */
export function unreachable(url: string, cause: unknown): WeightsError {
  if (isOffline()) {
    return new WeightsError(`${url}: cannot be fetched, as this device is offline`, {
      cause,
      hint: 'Connect and try again; what was kept whole (keep: true) needs no connection.',
    })
  }
  return new WeightsError(`${url}: cannot be fetched (${(cause as Error).message})`, {
    cause,
    hint: 'Check the address and the connection; a server of another origin has to allow this page (CORS).',
  })
}

/** Whether this device knows that it has no connection. */
export const isOffline = (): boolean =>
  (globalThis.navigator as Partial<Navigator> | undefined)?.onLine === false

/** A file that is not there. */
export class MissingFileError extends WeightsError {}

/** A range behind the end of a file. */
export class OutsideFileError extends WeightsError {}

/** What was fetched, or undefined where it is not there. */
export async function unlessMissing<T>(file: Promise<T>): Promise<T | undefined> {
  try {
    return await file
  } catch (error) {
    if (error instanceof MissingFileError) return undefined
    throw error
  }
}

/** What many servers answer, with status 200, for a file that is not there. */
const isWebPage = ({ headers }: Response): boolean => /^text\/html\b/.test(headers.get('content-type') ?? '')

function refused(url: string, response: Response): WeightsError {
  const { status, statusText } = response
  const found = isWebPage(response) && response.ok ? 'a web page' : `${status} ${statusText}`.trim()
  const answer = `${url}: the server answered ${found}, expected the file`
  if (response.ok || status === 404 || status === 410) {
    return new MissingFileError(answer, { hint: 'Check the address; file names are case-sensitive.' })
  }
  if (status === 401 || status === 403) {
    return new WeightsError(answer, { hint: 'The file is not public: host it where the page may read it.' })
  }
  if (status === 416) return new OutsideFileError(`${url}: is empty, expected a weight file`)
  return new WeightsError(answer, { hint: 'Try again later.' })
}
