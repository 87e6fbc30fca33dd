import { createHash } from 'node:crypto'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/** A request as a server of these tests saw it. */
export interface SeenRequest {
  readonly host: 'hub' | 'storage'
  readonly path: string
  readonly range: string | undefined
  readonly ifRange: string | undefined
  readonly authorization: string | undefined
  readonly encoding: string | undefined
}

/** A file of the repository. Large ones are stored under their SHA-256 on another host, as with git LFS. */
export interface ServedFile {
  content: Buffer
  readonly lfs: boolean
}

/** How the storage host misbehaves; each may be changed between requests. */
export interface Faults {
  /** Sends so many bytes of an answer, as often as given, and cuts the connection once they have arrived. */
  cut?: { after: number; times: number }
  ignoreRange?: boolean
  /** Sends other bytes of the same length. */
  corrupt?: boolean
  /** Answers with this status, as often as given. */
  status?: { code: number; times: number; errorCode?: string }
  /** Waits before sending the second half of a file. */
  slowMs?: number
}

/** A Hub on the loopback interface, and a storage host (another origin) to which it redirects for large files. */
export class HubServer {
  readonly seen: SeenRequest[] = []
  readonly faults: Faults = {}
  /** Answers API requests with this status and error code. */
  apiError: { status: number; errorCode?: string } | undefined
  commit = 'a'.repeat(40)
  private hanging: { readonly until: number; readonly response: ServerResponse } | undefined

  private constructor(
    private readonly hub: Server,
    private readonly storage: Server,
    readonly repository: string,
    readonly files: Map<string, ServedFile>,
  ) {
    hub.on('request', (request, response) => this.answerHub(request, response))
    storage.on('request', (request, response) => this.answerStorage(request, response))
  }

  static async start(repository: string, files: Record<string, ServedFile>): Promise<HubServer> {
    const servers = [createServer(), createServer()] as const
    for (const server of servers) {
      await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
    }
    return new HubServer(...servers, repository, new Map(Object.entries(files)))
  }

  async stop(): Promise<void> {
    for (const server of [this.hub, this.storage]) {
      server.closeAllConnections()
      await new Promise((done) => server.close(done))
    }
  }

  get url(): string {
    return `http://127.0.0.1:${(this.hub.address() as AddressInfo).port}`
  }

  /** Serves every file under `/<sha256>/<name>` too, as OpenAI's host does. */
  get storageUrl(): string {
    return `http://127.0.0.1:${(this.storage.address() as AddressInfo).port}`
  }

  /** To be told of the client's progress: a connection cut earlier would take bytes with it that were on their way. */
  readonly watch = ({ received }: { readonly received: number }): void => {
    if (this.hanging && received >= this.hanging.until) this.hanging.response.destroy()
  }

  /** Requests for a file's content. */
  transfers(name: string): SeenRequest[] {
    const [host, end] = this.files.get(name)?.lfs === false ? ['hub', `/${name}`] : ['storage', `/${name}`]
    return this.seen.filter((request) => request.host === host && request.path.endsWith(end))
  }

  private note(host: 'hub' | 'storage', { url = '', headers }: IncomingMessage): void {
    this.seen.push({
      host,
      path: url,
      range: headers.range,
      ifRange: headers['if-range'] as string | undefined,
      authorization: headers.authorization,
      encoding: headers['accept-encoding'] as string | undefined,
    })
  }

  private answerHub(request: IncomingMessage, response: ServerResponse): void {
    this.note('hub', request)
    const path = decodeURIComponent(new URL(request.url!, this.url).pathname)
    const api = `/api/models/${this.repository}`
    if (path.startsWith('/api/') && this.apiError) {
      const { status, errorCode } = this.apiError
      response.writeHead(status, errorCode ? { 'x-error-code': errorCode } : {}).end('{}')
    } else if (path.startsWith(`${api}/revision/`)) {
      json(response, { id: this.repository, sha: this.commit, siblings: this.listing() })
    } else if (path.startsWith(`/${this.repository}/resolve/${this.commit}/`)) {
      this.resolve(request, response, path.split('/').at(-1)!)
    } else {
      response.writeHead(404, { 'x-error-code': 'RepoNotFound' }).end()
    }
  }

  private listing(): unknown {
    return [...this.files].map(([path, { content, lfs }]) => ({
      rfilename: path,
      size: content.length,
      blobId: gitHash(content),
      ...(lfs && { lfs: { sha256: sha256(content), size: content.length, pointerSize: 130 } }),
    }))
  }

  private resolve(request: IncomingMessage, response: ServerResponse, name: string): void {
    const file = this.files.get(name)
    if (!file) {
      response.writeHead(404, { 'x-error-code': 'EntryNotFound' }).end()
    } else if (file.lfs) {
      const hash = sha256(file.content)
      response.writeHead(302, {
        location: `${this.storageUrl}/${hash}/${name}`,
        'x-linked-etag': `"${hash}"`,
        'x-linked-size': file.content.length,
        'x-repo-commit': this.commit,
      })
      response.end()
    } else {
      const hash = gitHash(file.content)
      this.send(request, response, file.content, hash, { 'x-repo-commit': this.commit })
    }
  }

  private answerStorage(request: IncomingMessage, response: ServerResponse): void {
    this.note('storage', request)
    const name = request.url!.split('/').at(-1)!
    const content = this.files.get(decodeURIComponent(name))?.content
    const { status } = this.faults
    if (status && status.times > 0) {
      status.times--
      response.writeHead(status.code, status.errorCode ? { 'x-error-code': status.errorCode } : {}).end()
    } else if (content) {
      const sent = this.faults.corrupt ? Buffer.from(content).fill(7) : content
      this.send(request, response, sent, `storage-${sha256(content).slice(0, 8)}`, {})
    } else {
      response.writeHead(404).end()
    }
  }

  private send(
    request: IncomingMessage,
    response: ServerResponse,
    content: Buffer,
    etag: string,
    headers: Record<string, string>,
  ): void {
    const asked = /^bytes=(\d+)-$/.exec(request.headers.range ?? '')
    const same = !request.headers['if-range'] || request.headers['if-range'] === `"${etag}"`
    const from = asked && same && !this.faults.ignoreRange ? Number(asked[1]) : 0
    if (from > 0 && from >= content.length) {
      response.writeHead(416, { 'content-range': `bytes */${content.length}` }).end()
      return
    }
    const body = content.subarray(from)
    response.writeHead(from > 0 ? 206 : 200, {
      ...headers,
      etag: `"${etag}"`,
      'content-length': body.length,
      ...(from > 0 && { 'content-range': `bytes ${from}-${content.length - 1}/${content.length}` }),
    })
    const { cut, slowMs } = this.faults
    if (cut && cut.times > 0 && cut.after < body.length) {
      cut.times--
      response.write(body.subarray(0, cut.after))
      this.hanging = { until: from + cut.after, response }
    } else if (slowMs) {
      const half = body.length >> 1
      response.write(body.subarray(0, half))
      setTimeout(() => response.end(body.subarray(half)), slowMs)
    } else {
      response.end(body)
    }
  }
}

export function sha256(content: Uint8Array): string {
  return createHash('sha256').update(content).digest('hex')
}

export function gitHash(content: Uint8Array): string {
  return createHash('sha1').update(`blob ${content.length}\0`).update(content).digest('hex')
}

function json(response: ServerResponse, value: unknown): void {
  response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(value))
}
