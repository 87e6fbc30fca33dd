/** The server answered, but with an error. */
export class HttpError extends Error {
  override name = 'HttpError'
  constructor(
    readonly status: number,
    readonly url: string,
    /** The Hub's `X-Error-Code`: `RepoNotFound`, `GatedRepo`, `RevisionNotFound`, `EntryNotFound`. */
    readonly code: string | undefined,
    readonly retryAfterMs: number | undefined,
  ) {
    super(`${url} answered with status ${status}`)
  }
}

/** The connection could not be made, was cut or went silent. */
export class NetworkError extends Error {
  override name = 'NetworkError'
  constructor(
    readonly url: string,
    readonly reason: string,
    /** False when there was no answer at all. */
    readonly answered: boolean,
    cause?: unknown,
  ) {
    super(`${url}: ${reason}`, { cause })
  }
}

/** How to ask. */
export interface RequestOptions {
  readonly headers?: Readonly<Record<string, string>>
  /** Sent to the host of the first address only. */
  readonly token?: string | undefined
  readonly signal?: AbortSignal | undefined
  readonly timeoutMs: number
  /** Error statuses to hand back instead of throwing. */
  readonly accept?: readonly number[]
}

/** An answer whose body is still on its way. */
export interface Answer {
  readonly status: number
  readonly headers: Headers
  /** Headers of the first host asked, before any redirect. */
  readonly firstHeaders: Headers
  readonly body: AsyncIterable<Uint8Array>
  /** Ends the connection. To be called in the end, however far the body was read. */
  discard(): Promise<void>
}

const maxRedirects = 10

/**
 * Gets an address, following redirects. A download server is often another host than the one asked, and must not see
 * the token.
 *
 * @throws HttpError for error statuses, NetworkError when the connection fails, the signal's reason when aborted
 */
export async function get(address: string, options: RequestOptions): Promise<Answer> {
  const { signal, timeoutMs } = options
  signal?.throwIfAborted()
  const silence = new AbortController()
  const timer = setTimeout(() => silence.abort(), timeoutMs)
  const either = signal ? AbortSignal.any([signal, silence.signal]) : silence.signal
  const failed = (url: string, answered: boolean, cause: unknown): unknown => {
    clearTimeout(timer)
    if (signal?.aborted) return signal.reason
    if (cause instanceof HttpError || cause instanceof NetworkError) return cause
    const silent = silence.signal.aborted
    return new NetworkError(
      url,
      silent ? `nothing for ${timeoutMs / 1000} s` : reason(cause),
      answered,
      cause,
    )
  }
  let url = new URL(address)
  try {
    const { origin } = url
    let firstHeaders: Headers | undefined
    for (let redirects = 0; ; redirects++) {
      const headers = new Headers({ 'accept-encoding': 'identity', ...options.headers })
      headers.delete('authorization')
      if (options.token && url.origin === origin) headers.set('authorization', `Bearer ${options.token}`)
      const response = await fetch(url, { headers, redirect: 'manual', signal: either })
      firstHeaders ??= response.headers
      const location = response.status >= 300 && response.status < 400 && response.headers.get('location')
      if (location) {
        await response.body?.cancel()
        url = redirected(url, location, redirects)
        continue
      }
      if (!response.ok && !options.accept?.includes(response.status)) {
        await response.body?.cancel()
        throw httpError(response, url)
      }
      const { status } = response
      return {
        status,
        headers: response.headers,
        firstHeaders,
        body: chunks(response),
        async discard() {
          clearTimeout(timer)
          silence.abort()
          if (!response.body?.locked) await response.body?.cancel().catch(() => {})
        },
      }
    }
  } catch (error) {
    throw failed(url.href, false, error)
  }

  async function* chunks(response: Response): AsyncGenerator<Uint8Array> {
    try {
      for await (const chunk of response.body ?? []) {
        timer.refresh()
        yield chunk as Uint8Array
      }
    } catch (error) {
      throw failed(url.href, true, error)
    }
  }
}

function redirected(from: URL, location: string, redirects: number): URL {
  if (redirects >= maxRedirects) throw new NetworkError(from.href, 'too many redirects', true)
  const to = URL.canParse(location, from.href) ? new URL(location, from.href) : undefined
  if (!to || !/^https?:$/.test(to.protocol)) {
    throw new NetworkError(from.href, `redirects to ${JSON.stringify(location)}`, true)
  }
  return to
}

function httpError(response: Response, url: URL): HttpError {
  const retryAfter = Number(response.headers.get('retry-after') ?? Number.NaN)
  return new HttpError(
    response.status,
    `${url.origin}${url.pathname}`,
    response.headers.get('x-error-code') ?? undefined,
    retryAfter >= 0 ? 1000 * retryAfter : undefined,
  )
}

/** `fetch` hides what happened in its error's cause. */
function reason(error: unknown): string {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error
  const code = (cause as { code?: unknown } | null)?.code
  const message = cause instanceof Error ? cause.message : String(cause)
  return typeof code === 'string' && !message.includes(code) ? `${code} ${message}`.trim() : message
}
