import { UserError, WeightsError } from '../core/errors.js'
import { type ByteSource, tooShort } from '../core/weights/byte-source.js'
import { blobSource } from './blob-source.js'
import { type FetchOptions, fetched, unreachable } from './fetched.js'

/** Bytes received of a file. */
export interface LoadProgress {
  readonly url: string
  readonly loaded: number
  /** Undefined where the server does not say. */
  readonly total: number | undefined
}

/** Options of {@link urlSource}. */
export interface UrlSourceOptions extends FetchOptions {
  readonly onProgress?: (event: LoadProgress) => void
  /** What is asked for at once, in bytes. Default: 4 MiB. */
  readonly blockBytes?: number
}

/** Blocks that one request may bring: tensors of large models are larger than a block. */
const runOfBlocks = 16

/**
 * The bytes of a file on a server, asked for as they are read, by range requests. Nothing is fetched twice: what has
 * arrived is kept as blobs, which browsers may move to disk. A server without ranges sends the whole file at once.
 *
 * @throws WeightsError naming the address, the answer and what was expected
 */
export async function urlSource(location: string | URL, options: UrlSourceOptions = {}): Promise<ByteSource> {
  const url = String(location)
  const { blockBytes = 2 ** 22, onProgress } = options
  const first = await fetched(url, options, { from: 0, to: blockBytes })
  if (first.status === 206) {
    const total = await sizeOf(first, url, options)
    if (total !== undefined) {
      const source = new UrlSource(url, total, blockBytes, options, first.headers.get('etag'))
      await source.begin(first)
      return source
    }
    // The size is hidden, as by a server of another origin that does not expose Content-Range.
    await first.body?.cancel()
  }
  const whole = first.status === 206 ? await fetched(url, options) : first
  return blobSource(await wholeBody(whole, url, onProgress), url)
}

/** The size at the end of `bytes 0-99/1234`. */
function totalOf({ headers }: Response): number | undefined {
  const total = /^bytes \d+-\d+\/(\d+)$/.exec(headers.get('content-range') ?? '')?.[1]
  return total === undefined ? undefined : Number(total)
}

/**
 * The size of a file of which a part was answered; undefined where the server hides it.
 *
 * @param response to a range request
 */
export const sizeOf = async (
  response: Response,
  url: string,
  options: FetchOptions,
): Promise<number | undefined> => totalOf(response) ?? (await sizeByHead(url, options))

/** The size of a file by its head; undefined where the server does not say. Throws as {@link fetched} does. */
export async function sizeByHead(url: string, options: FetchOptions): Promise<number | undefined> {
  const { headers } = await fetched(url, { ...options, method: 'HEAD' })
  const length = headers.get('content-length')
  return length === null || headers.has('content-encoding') ? undefined : Number(length)
}

/** Reads a body as a blob, telling how far it is. */
async function wholeBody(
  response: Response,
  url: string,
  onProgress: UrlSourceOptions['onProgress'],
): Promise<Blob> {
  const length = response.headers.get('content-length')
  // Of a compressed body the length is another one.
  const total = length === null || response.headers.has('content-encoding') ? undefined : Number(length)
  const parts: Uint8Array<ArrayBuffer>[] = []
  let loaded = 0
  const reader = response.body!.getReader()
  for (;;) {
    const { done, value } = await reader.read().catch((cause) => {
      throw unreachable(url, cause)
    })
    if (done) break
    parts.push(value)
    loaded += value.length
    onProgress?.({ url, loaded, total })
  }
  if (total !== undefined && loaded < total) throw tooShort(url)
  return new Blob(parts)
}

class UrlSource implements ByteSource {
  private readonly blocks = new Map<number, Promise<Blob>>()
  private readonly stop = new AbortController()
  private loaded = 0

  constructor(
    readonly name: string,
    readonly size: number,
    private readonly blockBytes: number,
    private readonly options: UrlSourceOptions,
    private readonly etag: string | null,
  ) {}

  /** Takes the first block from the answer that told the size. */
  async begin(response: Response): Promise<void> {
    const block = this.bodyOf(response, 0, Math.min(this.size, this.blockBytes))
    this.blocks.set(0, block)
    await block
  }

  async readInto(target: Uint8Array, position: number): Promise<void> {
    const end = position + target.length
    if (!(position >= 0 && end <= this.size)) throw tooShort(this.name)
    if (target.length === 0) return
    const first = Math.floor(position / this.blockBytes)
    const last = Math.ceil(end / this.blockBytes)
    this.request(first, last)
    for (let index = first; index < last; index++) {
      const start = index * this.blockBytes
      const block = await this.blocks.get(index)!
      const from = Math.max(position, start)
      const to = Math.min(end, start + block.size)
      const bytes = await block.slice(from - start, to - start).arrayBuffer()
      target.set(new Uint8Array(bytes), from - position)
    }
  }

  /** Has the blocks `first` to `last` (not included) come, those that are missing in as few requests as possible. */
  private request(first: number, last: number): void {
    for (let index = first; index < last; index++) {
      if (this.blocks.has(index)) continue
      let next = index + 1
      while (next < last && !this.blocks.has(next) && next - index < runOfBlocks) next++
      const from = index * this.blockBytes
      const to = Math.min(this.size, next * this.blockBytes)
      const run = this.fetchRange(from, to)
      for (let i = index; i < next; i++) {
        const start = (i - index) * this.blockBytes
        const block = run.then((blob) => blob.slice(start, start + this.blockBytes))
        // A later read asks again.
        block.catch(() => this.blocks.delete(i))
        this.blocks.set(i, block)
      }
    }
  }

  private async fetchRange(from: number, to: number): Promise<Blob> {
    const { signal } = this.options
    const either = signal ? AbortSignal.any([signal, this.stop.signal]) : this.stop.signal
    return this.bodyOf(await fetched(this.name, { ...this.options, signal: either }, { from, to }), from, to)
  }

  private async bodyOf(response: Response, from: number, to: number): Promise<Blob> {
    const total = totalOf(response)
    const etag = response.headers.get('etag')
    const changed =
      (total !== undefined && total !== this.size) || (etag && this.etag ? etag !== this.etag : false)
    if (response.status !== 206 || changed) {
      await response.body?.cancel()
      throw new WeightsError(
        `${this.name}: ${changed ? 'has changed on the server while it was read' : `answered the range ${from} to ${to - 1} with status ${response.status}, expected 206`}`,
        { hint: 'Load the model again.' },
      )
    }
    const blob = await response.blob().catch((cause) => {
      throw unreachable(this.name, cause)
    })
    if (blob.size !== to - from) throw tooShort(this.name)
    this.loaded += blob.size
    this.options.onProgress?.({ url: this.name, loaded: this.loaded, total: this.size })
    return blob
  }

  async close(): Promise<void> {
    this.stop.abort(new UserError(`${this.name} was closed while it was read`))
    this.blocks.clear()
  }
}
