import { createHash } from 'node:crypto'
import type { Context } from 'hono'
import { getCookie, setCookie } from 'hono/cookie'
import { Refusal } from '../refusal.js'
import { sameText } from '../secret.js'

/** Who may ask a studio, and by what name it is called. */
export interface Access {
  /** Asked in the address, once. */
  readonly token: string
  /** The only host that requests may name: `127.0.0.1:8090`. */
  readonly host: () => string
}

/** Cookies are shared by the ports of a host: each studio has one of its own. */
const cookieName = (host: string): string => `promptsrc-studio-${host.split(':').at(-1)}`

/**
 * Lets a page of this server alone ask: the host must be named exactly, as a page of somebody else could give its own name this
 * machine's address; the origin must be this server's wherever the browser tells it, and is needed for what changes something; and
 * the token, or the cookie that it was exchanged for, must be there.
 *
 * @throws Refusal 403 or 401
 */
export function checkAccess(c: Context, { token, host: expected }: Access): void {
  const host = c.req.header('host') ?? new URL(c.req.url).host
  if (host !== expected()) throw new Refusal(403, `host ${host.slice(0, 200)}: expected ${expected()}`)
  const origin = c.req.header('origin')
  const changes = !['GET', 'HEAD'].includes(c.req.method)
  if (origin === undefined ? changes : origin !== `http://${expected()}`) {
    throw new Refusal(403, `origin ${origin?.slice(0, 200) ?? 'is not said'}; expected http://${expected()}`)
  }
  const site = c.req.header('sec-fetch-site')
  if (site !== undefined && site !== 'same-origin' && !(site === 'none' || isVisit(c))) {
    throw new Refusal(403, 'pages of others may not ask')
  }
  const given = c.req.query('token')
  if (given !== undefined && c.req.path === '/') {
    if (!sameText(given, token)) throw new Refusal(401, 'the token in the address is another')
    setCookie(c, cookieName(host), sessionOf(token), { path: '/', httpOnly: true, sameSite: 'Strict' })
    return
  }
  if (!sameText(getCookie(c, cookieName(host)) ?? '', sessionOf(token))) {
    throw new Refusal(
      401,
      'Open the address that `promptsrc studio` has printed: it holds the key to this page.',
    )
  }
}

/** A link or a file that leads here, followed by a person: it brings no cookie, so that the token alone lets it in. */
const isVisit = (c: Context): boolean =>
  c.req.path === '/' &&
  c.req.header('sec-fetch-mode') === 'navigate' &&
  c.req.header('sec-fetch-dest') === 'document'

/** What the cookie holds: who reads it cannot tell the token, which other ports of this machine would see. */
const sessionOf = (token: string): string =>
  createHash('sha256').update(`session ${token}`).digest('base64url')
