import { appendFile, rm } from 'node:fs/promises'
import * as z from 'zod'
import type { EvaluatedPart, EvaluationJournal } from '../../core/evaluate/evaluate.js'
import { writeError, writeFileAtomic } from '../../node/files/atomic.js'
import { readRegularText } from '../../node/files/regular-file.js'

/** Time between two entries, in milliseconds: what an evaluation loses at most when it is killed. */
const INTERVAL = 10_000

const entrySchema = z.object({
  /** Images that were looked at, readable or not. */
  images: z.int().min(1),
  /** Places of those that were classified. */
  indices: z.array(z.int().min(0)),
  /** Their logits, [indices, classes], as base64 of little-endian float32. */
  logits: z.base64(),
  /** Messages of those left out. */
  skipped: z.array(z.string()),
})

/**
 * Keeps what an evaluation has found so far in a file, so that one of many images goes on where it was killed. The first
 * line names what is evaluated: a file about anything else is begun anew. A line that a kill left torn is dropped with
 * what follows it.
 */
export class JournalFile implements EvaluationJournal {
  private pending: EvaluatedPart[] = []
  private begun = false
  private since = performance.now()

  /** @param identity of what is evaluated: prompts, images, classes */
  constructor(
    private readonly path: string,
    private readonly identity: string,
    private readonly interval: number = INTERVAL,
  ) {}

  /** What earlier processes found, in order; for as many classes as there are. */
  async read(classes: number): Promise<EvaluatedPart[]> {
    const lines = (await readRegularText(this.path).catch(() => '')).split('\n')
    const parts: EvaluatedPart[] = []
    if (lines[0] === this.head) {
      for (const line of lines.slice(1)) {
        const part = partOf(line, classes)
        if (!part) break
        parts.push(part)
      }
    }
    return parts
  }

  /**
   * Takes what was found; it is on disk after the interval. Nothing is written where an evaluation is shorter.
   *
   * @param before what {@link read} gave
   * @throws UserError when the file cannot be written
   */
  async add(part: EvaluatedPart, before: readonly EvaluatedPart[]): Promise<void> {
    this.pending.push(part)
    if (performance.now() - this.since < this.interval) return
    const text = this.pending.map(lineOf).join('')
    this.pending = []
    this.since = performance.now()
    // The first entry of a process replaces the file, which may be of something else or torn.
    if (this.begun) await this.append(text)
    else await writeFileAtomic(this.path, `${this.head}\n${before.map(lineOf).join('')}${text}`)
    this.begun = true
  }

  /** Removes the file when the evaluation is done. */
  async remove(): Promise<void> {
    await rm(this.path, { force: true })
  }

  private async append(text: string): Promise<void> {
    await appendFile(this.path, text).catch((cause) => {
      throw writeError(this.path, cause)
    })
  }

  private get head(): string {
    return JSON.stringify({ format: 1, identity: this.identity })
  }
}

function lineOf({ images, indices, logits, skipped }: EvaluatedPart): string {
  const bytes = Buffer.from(logits.buffer, logits.byteOffset, logits.byteLength)
  return `${JSON.stringify({ images, indices: [...indices], logits: bytes.toString('base64'), skipped })}\n`
}

function partOf(line: string, classes: number): EvaluatedPart | undefined {
  try {
    const { images, indices, logits, skipped } = entrySchema.parse(JSON.parse(line))
    const bytes = Buffer.from(logits, 'base64')
    const fits =
      bytes.byteLength === 4 * indices.length * classes && indices.length + skipped.length === images
    return fits
      ? { images, indices, logits: new Float32Array(new Uint8Array(bytes).buffer), skipped }
      : undefined
  } catch {
    return undefined
  }
}
