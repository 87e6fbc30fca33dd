import { type Context, Hono } from 'hono'
import { HTTPException } from 'hono/http-exception'
import type { ClassifyService } from './classify-service.js'
import type { Metrics } from './metrics.js'
import { openApi } from './openapi.js'
import { type RequestLimits, readRequest } from './read-request.js'
import { Refusal, refusalOf } from './refusal.js'
import { sameText } from './secret.js'

/** Options of {@link serverApp}. */
export interface AppOptions extends RequestLimits {
  /** Requests at work at a time; more are refused. */
  readonly maxRequests: number
  /** Asked of everybody, except by `/health`; undefined: of nobody. */
  readonly token?: string | undefined
  /** Origins of pages that may ask, or `*`. */
  readonly origins: readonly string[]
  /** Whether requests must name this machine as the host: where nobody else can ask, pages of others must not by its name. */
  readonly loopbackOnly: boolean
  /** Whether the server is about to stop. */
  readonly stopping: () => boolean
  /** Told of errors that are the server's own. */
  readonly onError: (error: unknown) => void
}

/** The handlers of `promptsrc serve`, to be called with requests from wherever these come. */
export function serverApp(service: ClassifyService, metrics: Metrics, options: AppOptions): Hono {
  const { maxRequests, token, origins, stopping, onError } = options
  const app = new Hono()
  let inFlight = 0

  app.use(async (c, next) => {
    await next()
    c.header('cache-control', 'no-store')
    c.header('x-content-type-options', 'nosniff')
    if (stopping()) c.header('connection', 'close')
    const origin = c.req.header('origin')
    if (origin !== undefined && isAllowed(origin, origins)) {
      c.header('access-control-allow-origin', origins.includes('*') ? '*' : origin)
      c.header('vary', 'origin')
    }
  })
  app.use(async (c, next) => {
    checkSender(c, options)
    await next()
  })
  // A browser asks whether a page may ask, without a token.
  if (origins.length > 0) {
    app.options('*', (c) =>
      c.body(null, 204, {
        'access-control-allow-methods': 'GET, POST',
        'access-control-allow-headers': 'authorization, content-type',
        'access-control-max-age': '600',
      }),
    )
  }
  app.get('/health', (c) => {
    const { fault } = service
    if (fault !== undefined) return c.json({ status: 'failing', error: fault }, 503)
    return stopping() ? c.json({ status: 'stopping' }, 503) : c.json({ status: 'ok' })
  })
  app.use(async (c, next) => {
    if (token !== undefined) checkToken(c.req.header('authorization'), token)
    await next()
  })
  app.get('/metrics', (c) => {
    const { waiting, classLists } = service
    const text = metrics.text({ inFlight, waiting, classLists })
    return c.body(text, 200, { 'content-type': 'text/plain; version=0.0.4; charset=utf-8' })
  })
  app.get('/openapi.json', (c) => c.json(openApi(service.classNames, options)))
  app.post('/classify', async (c) => {
    if (stopping()) throw new Refusal(503, 'the server is about to stop', { 'retry-after': '10' })
    if (inFlight >= maxRequests) {
      throw new Refusal(503, `${maxRequests} requests are at work already`, { 'retry-after': '1' })
    }
    inFlight++
    const start = performance.now()
    let status = 500
    try {
      const { signal } = c.req.raw
      const answer = await service.classify(await readRequest(c.req.raw, options), signal)
      status = 200
      return c.json(answer)
    } catch (error) {
      status = refusalOf(error)?.status ?? 500
      throw error
    } finally {
      inFlight--
      metrics.answered(status, (performance.now() - start) / 1000)
    }
  })
  app.all('/classify', () => {
    throw new Refusal(405, 'expected POST', { allow: 'POST' })
  })
  app.notFound((c) =>
    c.json({ error: 'there are POST /classify, GET /health, /metrics and /openapi.json' }, 404),
  )
  app.onError((error, c) => {
    if (error instanceof HTTPException) return error.getResponse()
    const refusal = refusalOf(error)
    if (!refusal) onError(error)
    const { status, message, headers } = refusal ?? {
      status: 500 as const,
      message: 'a fault of the server',
      headers: {},
    }
    return c.json({ error: message }, status, headers)
  })
  return app
}

/**
 * Pages of others must not ask by way of somebody's browser: it tells the origin of the page with every POST, and by the host
 * whether a name of somebody else was made to mean this machine.
 */
function checkSender(c: Context, { origins, token, loopbackOnly }: AppOptions): void {
  const origin = c.req.header('origin')
  const url = new URL(c.req.url)
  const host = c.req.header('host') ?? url.host
  if (origin !== undefined && !isAllowed(origin, origins)) {
    if (!URL.canParse(origin) || new URL(origin).host !== host) {
      throw new Refusal(403, `pages of ${origin.slice(0, 200)} may not ask; --cors allows it`)
    }
  }
  if (!loopbackOnly || token !== undefined) return
  const name = host.replace(/:\d+$/, '')
  if (!['localhost', '127.0.0.1', '[::1]'].includes(name)) {
    throw new Refusal(
      403,
      `host ${host.slice(0, 200)}: expected localhost; with --token other names may be used`,
    )
  }
}

const isAllowed = (origin: string, origins: readonly string[]): boolean =>
  origins.includes('*') || origins.includes(origin)

function checkToken(header: string | undefined, token: string): void {
  const given = /^Bearer +(.+)$/i.exec(header ?? '')?.[1]
  if (given !== undefined && sameText(given, token)) return
  throw new Refusal(401, given === undefined ? 'a token is needed' : 'the token is another', {
    'www-authenticate': 'Bearer',
  })
}
