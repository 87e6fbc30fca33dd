import { lookup } from 'node:dns'
import * as http from 'node:http'
import * as https from 'node:https'
import { BlockList, isIP, type LookupFunction } from 'node:net'
import { ImageError, UserError } from '../../core/errors.js'
import { HttpError, NetworkError } from '../hub/http.js'
import { retrying } from '../hub/retry.js'

/** Options of {@link fetchImage}. */
export interface FetchImageOptions {
  /** Also ask this machine and those of its own network. Default: false. */
  readonly allowPrivate?: boolean
  /** Default: 64 million. */
  readonly maxBytes?: number
  /** Default: 5. */
  readonly maxRedirects?: number
  /** Time without a byte after which a connection counts as cut. Default: 10,000. */
  readonly silenceMs?: number
  /** Time for an image in all. Default: 120,000. */
  readonly totalMs?: number
  /** Wait before the second attempt; doubles with each further one. Default: 500. */
  readonly retryDelayMs?: number
  readonly signal?: AbortSignal
}

type Limits = Required<Omit<FetchImageOptions, 'signal'>>

/** Whether a name is an address of the web. */
export const isAddress = (name: string): boolean => /^https?:\/\//i.test(name)

/**
 * Fetches an image file from the web, without any token or cookie, following redirects. Where addresses come from others,
 * they must not reach what only this machine can: every host, of redirects as well, is looked up once and connected to at
 * the very address that was looked at, which must be a public one.
 *
 * @throws ImageError where it is not given, too large, not allowed or does not come; the signal's reason when aborted
 */
export async function fetchImage(address: string, options: FetchImageOptions = {}): Promise<Uint8Array> {
  const { signal, ...given } = options
  const limits: Limits = {
    allowPrivate: false,
    maxBytes: 64e6,
    maxRedirects: 5,
    silenceMs: 10_000,
    totalMs: 120_000,
    retryDelayMs: 500,
    ...given,
  }
  const { retryDelayMs, totalMs } = limits
  const late = AbortSignal.timeout(totalMs)
  const either = signal ? AbortSignal.any([signal, late]) : late
  try {
    return await retrying(() => fetched(address, limits, either), { retryDelayMs, signal: either })
  } catch (cause) {
    signal?.throwIfAborted()
    if (cause instanceof UserError) throw cause
    const reason = late.aborted ? `not there within ${totalMs / 1000} s` : reasonOf(cause)
    throw new ImageError(`${address}: ${reason}`, { cause })
  }
}

function reasonOf(cause: unknown): string {
  if (cause instanceof HttpError) return `the server answers with status ${cause.status}`
  if (cause instanceof NetworkError) return cause.reason
  throw cause
}

async function fetched(address: string, limits: Limits, signal: AbortSignal): Promise<Uint8Array> {
  let url = checked(address, address, limits)
  for (let redirects = 0; ; redirects++) {
    const response = await answerOf(address, url, limits, signal)
    const { statusCode = 0, headers } = response
    if (statusCode >= 300 && statusCode < 400 && headers.location !== undefined) {
      response.destroy()
      if (redirects >= limits.maxRedirects) {
        throw new ImageError(`${address}: more than ${limits.maxRedirects} redirects`)
      }
      if (!URL.canParse(headers.location, url)) throw new ImageError(`${address}: redirects to no address`)
      url = checked(address, new URL(headers.location, url).href, limits)
      continue
    }
    if (statusCode !== 200) {
      response.destroy()
      const wait = Number(headers['retry-after'] ?? Number.NaN)
      throw new HttpError(statusCode, address, undefined, wait >= 0 ? 1000 * wait : undefined)
    }
    return received(address, response, limits)
  }
}

/** The address as it may be asked for. A host that is a number is not looked up, so it is judged here. */
function checked(given: string, address: string, { allowPrivate }: Limits): URL {
  const url = URL.canParse(address) ? new URL(address) : undefined
  if (!url || !/^https?:$/.test(url.protocol)) throw new ImageError(`${given}: not an address of the web`)
  if (url.username || url.password) {
    throw new ImageError(`${url.origin}${url.pathname}: an address with a password, which results would show`)
  }
  const host = url.hostname.replace(/^\[|\]$/g, '')
  if (!allowPrivate && isIP(host) && !isPublic(host)) throw isPrivate(given, host)
  return url
}

function isPrivate(address: string, host: string): ImageError {
  return new ImageError(`${address}: ${host} is an address of this machine or its network`, {
    hint: 'To ask it all the same, add --allow-private-url.',
  })
}

function answerOf(
  address: string,
  url: URL,
  { allowPrivate, silenceMs }: Limits,
  signal: AbortSignal,
): Promise<http.IncomingMessage> {
  const { request } = url.protocol === 'https:' ? https : http
  const headers = { accept: 'image/*', 'accept-encoding': 'identity', 'user-agent': 'promptsrc' }
  return new Promise((resolve, reject) => {
    const failed = (cause: Error) =>
      reject(cause instanceof UserError ? cause : new NetworkError(address, cause.message, false, cause))
    const asked = request(url, {
      headers,
      signal,
      timeout: silenceMs,
      // A connection that is kept has been looked at for another address.
      agent: false,
      ...(allowPrivate ? {} : { lookup: publicAlone(address) }),
    })
    asked.on('timeout', () => asked.destroy(new Error(`nothing for ${silenceMs / 1000} s`)))
    asked.on('error', failed)
    asked.on('response', resolve)
    asked.end()
  })
}

const publicAlone =
  (address: string): LookupFunction =>
  (host, options, found) => {
    lookup(host, { ...options, all: true }, (error, all) => {
      const inside = all?.find((each) => !isPublic(each.address))
      if (error) found(error, [])
      else if (inside) found(isPrivate(address, inside.address), [])
      else if (options.all) found(null, all)
      else found(null, all[0]!.address, all[0]!.family)
    })
  }

async function received(
  address: string,
  response: http.IncomingMessage,
  { maxBytes }: Limits,
): Promise<Uint8Array> {
  const tooLarge = () => new ImageError(`${address}: more than ${maxBytes / 1e6} MB`)
  const parts: Uint8Array[] = []
  let bytes = 0
  try {
    if (Number(response.headers['content-length'] ?? 0) > maxBytes) throw tooLarge()
    for await (const part of response as AsyncIterable<Uint8Array>) {
      bytes += part.length
      if (bytes > maxBytes) throw tooLarge()
      parts.push(part)
    }
  } catch (cause) {
    if (cause instanceof UserError) throw cause
    throw new NetworkError(address, (cause as Error).message, true, cause)
  } finally {
    response.destroy()
  }
  return new Uint8Array(Buffer.concat(parts))
}

/** Ranges of IANA's registries of special-purpose addresses that lead to no host of the public internet. */
const special = new BlockList()
for (const range of [
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.0.2.0/24',
  '192.168.0.0/16',
  '198.18.0.0/15',
  '198.51.100.0/24',
  '203.0.113.0/24',
  '224.0.0.0/3',
  '::/127',
  '64:ff9b::/96',
  '64:ff9b:1::/48',
  '100::/64',
  '2001::/23',
  '2001:db8::/32',
  '2002::/16',
  'fc00::/7',
  'fe80::/10',
  'ff00::/8',
]) {
  const [network, bits] = range.split('/') as [string, string]
  special.addSubnet(network, Number(bits), isIP(network) === 6 ? 'ipv6' : 'ipv4')
}

/** Whether an IP address is one of the public internet; IPv4 addresses in the form of IPv6 count as what they are. */
export const isPublic = (address: string): boolean =>
  !special.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4')
