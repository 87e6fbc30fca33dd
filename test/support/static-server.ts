import { readFile } from 'node:fs/promises'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { extname, join, normalize } from 'node:path'

/** A request as the server saw it. */
export interface SeenRequest {
  readonly method: string
  readonly path: string
  readonly range: string | undefined
  /** What it was answered with. */
  readonly status: number
}

/** How the server behaves; each may be changed between requests. */
export interface ServerHabits {
  /** Sends whole files whatever range is asked for. */
  ignoreRange?: boolean
  /** Answers with this status, as often as given. */
  fail?: { status: number; times: number }
  /** Cuts the connection after so many bytes of a body, as often as given. */
  cut?: { after: number; times: number }
  /** Leaves out what tells the size of the whole file. */
  hideSize?: boolean
  /** Answers for files that are not there, as servers of single-page applications do. */
  fallback?: string
}

const types: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.mjs': 'text/javascript',
  '.json': 'application/json',
  '.wasm': 'application/wasm',
}

/** A server of static files on the loopback interface, with ranges. */
export class StaticServer {
  readonly seen: SeenRequest[] = []
  readonly habits: ServerHabits = {}

  private constructor(
    private readonly server: Server,
    /** Folders by the first part of the path. */
    private readonly folders: Readonly<Record<string, string>>,
    /** Files made up by the test, by path. */
    readonly files: Map<string, Uint8Array | string>,
    private readonly headers: Readonly<Record<string, string>>,
  ) {
    server.on('request', (request, response) => this.answer(request, response))
  }

  static async start({
    folders = {},
    files = {},
    headers = {},
  }: {
    readonly folders?: Readonly<Record<string, string>>
    readonly files?: Readonly<Record<string, Uint8Array | string>>
    readonly headers?: Readonly<Record<string, string>>
  }): Promise<StaticServer> {
    const server = createServer()
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
    return new StaticServer(server, folders, new Map(Object.entries(files)), headers)
  }

  get origin(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`
  }

  async close(): Promise<void> {
    this.server.closeAllConnections()
    await new Promise((done) => this.server.close(done))
  }

  private async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { habits } = this
    const path = new URL(request.url ?? '/', this.origin).pathname
    const method = request.method ?? 'GET'
    const { range } = request.headers
    const end = (status: number, headers: Record<string, string | number> = {}, body?: Uint8Array) => {
      this.seen.push({ method, path, range, status })
      response.writeHead(status, { ...this.headers, ...headers })
      if (habits.cut && habits.cut.times > 0 && body && body.length > habits.cut.after) {
        habits.cut.times--
        response.write(body.subarray(0, habits.cut.after), () => response.destroy())
      } else response.end(method === 'HEAD' ? undefined : body)
    }
    if (habits.fail && habits.fail.times > 0) {
      habits.fail.times--
      return end(habits.fail.status)
    }
    const content = await this.contentOf(path)
    if (!content) {
      return habits.fallback === undefined
        ? end(404)
        : end(200, { 'content-type': types['.html']! }, Buffer.from(habits.fallback))
    }
    const type = types[extname(path)] ?? 'application/octet-stream'
    const asked = habits.ignoreRange ? null : /^bytes=(\d+)-(\d+)$/.exec(range ?? '')
    if (!asked) {
      const length = habits.hideSize ? {} : { 'content-length': content.length }
      return end(200, { 'content-type': type, ...length }, content)
    }
    const from = Number(asked[1])
    const to = Math.min(Number(asked[2]) + 1, content.length)
    if (from >= content.length) return end(416, { 'content-range': `bytes */${content.length}` })
    const stated = habits.hideSize ? {} : { 'content-range': `bytes ${from}-${to - 1}/${content.length}` }
    end(206, { 'content-type': type, 'content-length': to - from, ...stated }, content.subarray(from, to))
  }

  private async contentOf(path: string): Promise<Uint8Array | undefined> {
    const own = this.files.get(path)
    if (own !== undefined) return typeof own === 'string' ? Buffer.from(own) : own
    const [, first = '', ...rest] = normalize(path).split('/')
    const folder = this.folders[first]
    return folder === undefined ? undefined : readFile(join(folder, ...rest)).catch(() => undefined)
  }
}
