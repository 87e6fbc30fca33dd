import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createAdaptorServer } from '@hono/node-server'
import { UserError } from '../core/errors.js'

/** A server that takes requests. */
export interface Listening {
  /** Where: `http://127.0.0.1:8080`. */
  readonly url: string
  /** Takes no more connections, answers what has been asked, and ends. */
  stop(): Promise<void>
}

/** Options of {@link listen}. */
export interface ListenOptions {
  readonly host: string
  /** 0: any that is free. */
  readonly port: number
  /** Time for a whole request to arrive, in milliseconds. Default: 30,000. */
  readonly requestTimeoutMs?: number
}

/** How often connections that have become idle are closed while the server stops. */
const CLOSE_MS = 50

/**
 * Answers requests of the network.
 *
 * @throws UserError where the address cannot be had
 */
export async function listen(
  fetch: (request: Request) => Response | Promise<Response>,
  { host, port, requestTimeoutMs = 30_000 }: ListenOptions,
): Promise<Listening> {
  const serverOptions = {
    requestTimeout: requestTimeoutMs,
    headersTimeout: Math.min(10_000, requestTimeoutMs),
    connectionsCheckingInterval: Math.min(5000, requestTimeoutMs),
  }
  const server = createAdaptorServer({ fetch, serverOptions }) as Server
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) => reject(refused(host, port, cause)))
    server.listen(port, host, resolve)
  })
  const { port: taken, family, address } = server.address() as AddressInfo
  const name = family === 'IPv6' ? `[${address}]` : address
  return {
    url: `http://${name}:${taken}`,
    async stop() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()))
      const closing = setInterval(() => server.closeIdleConnections(), CLOSE_MS)
      await closed
      clearInterval(closing)
    },
  }
}

const reasons: Readonly<Record<string, string>> = {
  EADDRINUSE: 'is in use by another program',
  EACCES: 'may not be listened on',
  EADDRNOTAVAIL: 'is no address of this machine',
  ENOTFOUND: 'is unknown',
}

function refused(host: string, port: number, cause: NodeJS.ErrnoException): UserError {
  const reason = reasons[cause.code ?? ''] ?? `cannot be listened on (${cause.code ?? cause.message})`
  return new UserError(`${host} port ${port} ${reason}`, {
    hint: 'Choose another by --host and --port; port 0 is any that is free.',
    cause,
  })
}
