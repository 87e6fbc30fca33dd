import { createHash } from 'node:crypto'
import { stat } from 'node:fs/promises'
import { limiter } from '../../core/data/ahead.js'

/** Small pictures are some 10 kB each. */
const MOST_BYTES = 64e6
/** Larger ones are looked at one by one: keeping them would push the others out. */
const LARGEST = 100_000
/** Decoded side by side; each may take 200 MB for a moment. */
const JOBS = 2

/** Pictures made small for pages; those of late are kept in memory. */
export class SmallPictures {
  private readonly kept = new Map<string, Uint8Array<ArrayBuffer>>()
  private bytes = 0
  private readonly limit = limiter(JOBS)

  /** @param make makes the picture in a file small; throws where it cannot be read */
  constructor(private readonly make: (path: string, side: number) => Promise<Uint8Array<ArrayBuffer>>) {}

  /**
   * A picture, or only its tag where that is the one which the caller has.
   *
   * @param side longest side in pixels
   */
  async of(
    path: string,
    side: number,
    known?: string,
  ): Promise<{ tag: string; bytes?: Uint8Array<ArrayBuffer> }> {
    const { mtimeMs, size } = await stat(path)
    const key = `${path} ${mtimeMs} ${size} ${side}`
    const tag = `"${createHash('sha256').update(key).digest('base64url').slice(0, 20)}"`
    if (known === tag) return { tag }
    const found = this.kept.get(key)
    if (found) {
      this.kept.delete(key)
      this.kept.set(key, found)
      return { tag, bytes: found }
    }
    const bytes = await this.limit(() => this.make(path, side))
    if (bytes.length <= LARGEST) this.keep(key, bytes)
    return { tag, bytes }
  }

  private keep(key: string, bytes: Uint8Array<ArrayBuffer>): void {
    this.kept.set(key, bytes)
    this.bytes += bytes.length
    for (const [oldest, { length }] of this.kept) {
      if (this.bytes <= MOST_BYTES) return
      this.kept.delete(oldest)
      this.bytes -= length
    }
  }
}
