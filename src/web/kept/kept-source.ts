import { UserError, WeightsError } from '../../core/errors.js'
import { Sha256, sha256 } from '../../core/hash.js'
import { type ByteSource, tooShort } from '../../core/weights/byte-source.js'
import { fetched, OutsideFileError, unreachable } from '../fetched.js'
import { sizeOf, type UrlSourceOptions } from '../url-source.js'
import { type FileStore, readText } from './file-store.js'

/** A file as it is kept: in blocks, so that a download that was broken off goes on where it stopped. */
interface Kept {
  readonly url: string
  readonly size: number
  readonly etag: string | null
  readonly blockBytes: number
  /** SHA-256 of every block that is there, null for one that is not. */
  readonly blocks: (string | null)[]
  /** Of the whole file, once it is whole. */
  sha256?: string
}

/** A file that is kept whole, with its SHA-256. */
export interface KeptSource extends ByteSource {
  readonly sha256: string
}

/** Options of {@link keptSource}. */
export interface KeptSourceOptions extends UrlSourceOptions {
  /** SHA-256 that the whole file must have, hexadecimal. */
  readonly sha256?: string | undefined
}

/** Of one request, and of one file in the store, in bytes. */
const BLOCK = 2 ** 23

/**
 * A file of a server that is kept in a store: what is missing is downloaded, block by block, and hashed; then nothing is asked of
 * the server any more. Every block is checked when it is first read; one that is damaged comes anew.
 *
 * @param file its name in the store
 * @throws WeightsError naming the address when it cannot be fetched or has another hash; UserError when it cannot be kept
 */
export async function keptSource(
  store: FileStore,
  file: string,
  url: string,
  options: KeptSourceOptions = {},
): Promise<KeptSource> {
  const download = new Download(store, file, url, options)
  await download.complete()
  return download.source()
}

/** What is kept of a file, in bytes, and whether it is all; undefined where nothing is. */
export async function keptSize(
  store: FileStore,
  file: string,
): Promise<{ readonly url: string; readonly bytes: number; readonly whole: boolean } | undefined> {
  const kept = await readKept(store, file)
  if (!kept) return undefined
  const { url, size, blockBytes, blocks } = kept
  const bytes = blocks.reduce(
    (sum, hash, i) => sum + (hash ? Math.min(blockBytes, size - i * blockBytes) : 0),
    0,
  )
  return { url, bytes, whole: kept.sha256 !== undefined }
}

const listName = (file: string) => `${file}.kept.json`
const blockName = (file: string, index: number) => `${file}/${String(index).padStart(5, '0')}`

async function readKept(store: FileStore, file: string): Promise<Kept | undefined> {
  try {
    const kept = JSON.parse((await readText(store, listName(file))) ?? 'null') as Kept | null
    const whole = kept && kept.blocks.length === Math.ceil(kept.size / kept.blockBytes)
    return whole ? kept : undefined
  } catch {
    // What cannot be read is downloaded anew.
    return undefined
  }
}

class Download {
  private kept: Kept | undefined
  private readonly checked = new Map<number, Promise<Blob>>()

  constructor(
    private readonly store: FileStore,
    private readonly file: string,
    private readonly url: string,
    private readonly options: KeptSourceOptions,
  ) {}

  /** Downloads what is not there. */
  async complete(): Promise<void> {
    const found = await readKept(this.store, this.file)
    this.kept = found?.url === this.url ? found : undefined
    const before = this.kept !== undefined
    const { sha256: expected, onProgress } = this.options
    const isOther = () => expected !== undefined && this.kept!.sha256 !== expected
    if (this.kept?.sha256 === undefined) await this.fetchMissing()
    if (before && isOther()) {
      // What was kept may be of a file that has been replaced since.
      await this.drop()
      await this.fetchMissing()
    }
    const { sha256: hash, size } = this.kept!
    if (isOther()) {
      await this.drop()
      throw new WeightsError(`${this.url}: has the SHA-256 ${hash}, expected ${expected}`, {
        hint: 'It is another file, or was damaged on its way: check the address, and load it again.',
      })
    }
    onProgress?.({ url: this.url, loaded: size, total: size })
  }

  private async fetchMissing(): Promise<void> {
    const { options, url } = this
    const missing = this.kept?.blocks.indexOf(null) ?? 0
    // Where all blocks came but the hash of the whole, any block tells whether the file is still the same.
    const index = Math.max(0, missing)
    const blockBytes = this.kept?.blockBytes ?? options.blockBytes ?? BLOCK
    const from = index * blockBytes
    const to = Math.min(from + blockBytes, this.kept?.size ?? Number.POSITIVE_INFINITY)
    const response = await fetched(url, options, { from, to }).catch((error) => {
      if (!this.kept || !(error instanceof OutsideFileError)) throw error
      return undefined
    })
    if (!response) {
      await this.drop()
      return this.fetchMissing()
    }
    const ranges = response.status === 206
    const size = ranges ? await sizeOf(response, url, options) : undefined
    const etag = response.headers.get('etag')
    if (this.kept && (!ranges || size !== this.kept.size || etag !== this.kept.etag)) {
      // Another file by now, or a server that no longer sends parts: what is there is of no use.
      await response.body?.cancel()
      await this.drop()
      return this.fetchMissing()
    }
    if (!ranges) return this.takeStream(response, blockBytes, etag)
    if (size === undefined) {
      await response.body?.cancel()
      return this.takeStream(await fetched(url, options), blockBytes, etag)
    }
    const blocks = new Array<string | null>(Math.ceil(size / blockBytes)).fill(null)
    this.kept ??= { url, size, etag, blockBytes, blocks }
    let first: Response | undefined = response
    const whole = new Sha256()
    for (let i = 0; i < this.kept.blocks.length; i++) {
      let bytes = this.kept.blocks[i] ? await this.intact(i) : undefined
      if (!bytes) {
        bytes = await this.fetchBlock(i, i === index ? first : undefined)
        if (i === index) first = undefined
        await this.keepBlock(i, bytes)
      }
      whole.update(bytes)
      this.progress((i + 1) * blockBytes)
    }
    await first?.body?.cancel()
    await this.finish(whole.hex())
  }

  private progress(loaded: number): void {
    const { size } = this.kept!
    this.options.onProgress?.({ url: this.url, loaded: Math.min(loaded, size), total: size })
  }

  private async finish(hash: string): Promise<void> {
    this.kept!.sha256 = hash
    await this.save()
  }

  private save(): Promise<void> {
    return this.store.write(listName(this.file), JSON.stringify(this.kept))
  }

  private async keepBlock(index: number, bytes: Uint8Array): Promise<void> {
    await this.store.write(blockName(this.file, index), bytes)
    this.kept!.blocks[index] = await sha256([bytes])
    await this.save()
  }

  private async fetchBlock(index: number, begun?: Response): Promise<Uint8Array> {
    const { url, size, blockBytes, etag } = this.kept!
    const from = index * blockBytes
    const to = Math.min(size, from + blockBytes)
    const response = begun ?? (await fetched(url, this.options, { from, to }))
    if (response.status !== 206 || response.headers.get('etag') !== etag) {
      await response.body?.cancel()
      throw new WeightsError(`${url}: has changed on the server while it was read`, {
        hint: 'Load it again.',
      })
    }
    const bytes = new Uint8Array(
      await response.arrayBuffer().catch((cause) => {
        this.options.signal?.throwIfAborted()
        throw unreachable(url, cause)
      }),
    )
    if (bytes.length !== to - from) throw tooShort(url)
    return bytes
  }

  /** From a server that sends no parts the file comes in one go, and from the beginning every time. */
  private async takeStream(response: Response, blockBytes: number, etag: string | null): Promise<void> {
    const { url, options } = this
    const stated = Number(response.headers.get('content-length') ?? Number.NaN)
    const total = response.headers.has('content-encoding') || Number.isNaN(stated) ? undefined : stated
    const kept = { url, size: 0, etag, blockBytes, blocks: [] as (string | null)[] }
    const whole = new Sha256()
    let block = new Uint8Array(blockBytes)
    let filled = 0
    const keep = async () => {
      const bytes = block.subarray(0, filled)
      await this.store.write(blockName(this.file, kept.blocks.length), bytes)
      kept.blocks.push(await sha256([bytes]))
      whole.update(bytes)
      kept.size += filled
      block = new Uint8Array(blockBytes)
      filled = 0
      options.onProgress?.({ url, loaded: kept.size, total })
    }
    const reader = response.body!.getReader()
    for (;;) {
      const { done, value } = await reader.read().catch((cause) => {
        options.signal?.throwIfAborted()
        throw unreachable(url, cause)
      })
      if (done) break
      for (let at = 0; at < value.length; ) {
        const part = value.subarray(at, at + blockBytes - filled)
        block.set(part, filled)
        filled += part.length
        at += part.length
        if (filled === blockBytes) await keep()
      }
    }
    if (filled > 0) await keep()
    if (total !== undefined && kept.size < total) throw tooShort(url)
    this.kept = kept
    await this.finish(whole.hex())
  }

  /** The block as it is kept; undefined where it is not what was written. */
  private async intact(index: number): Promise<Uint8Array | undefined> {
    const blob = await this.store.read(blockName(this.file, index))
    const bytes = blob && new Uint8Array(await blob.arrayBuffer())
    return bytes && (await sha256([bytes])) === this.kept!.blocks[index] ? bytes : undefined
  }

  private async drop(): Promise<void> {
    const count = this.kept?.blocks.length ?? 0
    this.kept = undefined
    await this.store.remove(listName(this.file))
    for (let i = 0; i < count; i++) await this.store.remove(blockName(this.file, i))
  }

  /** A block that is as it came from the server, if need be from there again. */
  private async repaired(index: number): Promise<Blob> {
    const name = blockName(this.file, index)
    if (!(await this.intact(index))) {
      const bytes = await this.fetchBlock(index).catch((cause) => {
        if (!(cause instanceof UserError)) throw cause
        throw new WeightsError(
          `the kept copy of ${this.url} is damaged, and what is missing cannot be fetched: ${cause.message}`,
          {
            cause,
            hint: cause.hint ?? 'Remove the copy, and load the model again.',
          },
        )
      })
      if ((await sha256([bytes])) !== this.kept!.blocks[index]) {
        await this.drop()
        throw new WeightsError(
          `the kept copy of ${this.url} is damaged, and the server has another file by now`,
          {
            hint: 'Load the model again: it is then downloaded anew.',
          },
        )
      }
      await this.store.write(name, bytes)
    }
    const blob = await this.store.read(name)
    if (!blob)
      throw new WeightsError(`the kept copy of ${this.url} was removed`, { hint: 'Load the model again.' })
    return blob
  }

  source(): KeptSource {
    const { size, blockBytes, sha256: hash } = this.kept!
    return {
      name: this.url,
      size,
      sha256: hash!,
      readInto: async (target, position) => {
        const end = position + target.length
        if (!(position >= 0 && end <= size)) throw tooShort(this.url)
        for (let index = Math.floor(position / blockBytes); index * blockBytes < end; index++) {
          const start = index * blockBytes
          const from = Math.max(position, start)
          const to = Math.min(end, start + blockBytes)
          const block = await this.block(index)
          target.set(
            new Uint8Array(await block.slice(from - start, to - start).arrayBuffer()),
            from - position,
          )
        }
      },
      close: async () => this.checked.clear(),
    }
  }

  private block(index: number): Promise<Blob> {
    const known = this.checked.get(index)
    if (known) return known
    const block = this.repaired(index)
    // A later read tries again.
    block.catch(() => this.checked.delete(index))
    this.checked.set(index, block)
    return block
  }
}
