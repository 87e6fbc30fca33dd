import { createReadStream } from 'node:fs'
import { type FileHandle, lstat, open, rm } from 'node:fs/promises'
import { isDeepStrictEqual } from 'node:util'
import { ConfigError, UserError } from '../../core/errors.js'
import type { Prediction } from '../../core/evaluate/predict.js'
import { atomicFile, writeError } from '../files/atomic.js'
import { takeLock } from '../files/lock.js'

/** What is said of an image: its classes, with the threshold where there is one; or why it cannot be read. */
export type ImageAnswer =
  | (Prediction & { readonly threshold?: number })
  | { readonly image: string; readonly error: string }

/** What answers depend on beside the images; JSON values. */
export type AnswerBasis = Readonly<Record<string, unknown>>

/** Answers wait in memory no longer than this, for a process that is killed to lose little. */
const HELD_MS = 1000
const HELD_CHARACTERS = 1 << 16
/** How a partial file begins. */
const HEAD = '{"answers":1,'

/**
 * The answers to a list of images on their way into a file. Until all are there they are kept beside it, in
 * `FILE.partial`: a first line that tells what they are of, then a line of JSON for every image in its order. Another call
 * for the same goes on after the last whole batch of them, and ends with the same file.
 */
export class AnswerFile {
  private waiting = ''
  private written = Number.NEGATIVE_INFINITY

  private constructor(
    /** Where the answers go in the end. */
    readonly path: string,
    /** Answers that an earlier call has left. */
    readonly kept: number,
    private readonly handle: FileHandle,
    private readonly unlock: () => Promise<void>,
  ) {}

  /**
   * Begins a file, or goes on with it.
   *
   * @param names of all images in their order
   * @param batchSize images that are computed together: answers are kept by whole batches, so that the rest are computed in
   *   the same ones as without an interruption
   * @throws UserError where the file is there already, another process writes it, or it cannot be written; ConfigError
   *   where what was begun is of another basis
   */
  static async open(
    path: string,
    basis: AnswerBasis,
    names: readonly string[],
    batchSize: number,
  ): Promise<AnswerFile> {
    const unlock = await takeLock(`${path}.lock`, { refuse: () => inUse(path) })
    try {
      await refuseFile(path)
      const partial = partialOf(path)
      const head = `${HEAD}"basis":${JSON.stringify(basis)}}\n`
      const found = await keptAnswers(partial, JSON.parse(head).basis, names, batchSize)
      const handle = await open(partial, 'a').catch((cause) => {
        throw writeError(partial, cause)
      })
      await handle.truncate(found?.bytes ?? 0)
      const file = new AnswerFile(path, found?.answers ?? 0, handle, unlock)
      if (!found) await file.write(head)
      return file
    } catch (error) {
      await unlock()
      throw error
    }
  }

  /** Adds the answer to the next image. */
  async put(answer: ImageAnswer): Promise<void> {
    this.waiting += `${JSON.stringify(answer)}\n`
    if (this.waiting.length > HELD_CHARACTERS || performance.now() - this.written > HELD_MS)
      await this.flush()
  }

  /** Writes what waits. */
  async flush(): Promise<void> {
    const text = this.waiting
    this.waiting = ''
    if (text !== '') await this.write(text)
    this.written = performance.now()
  }

  /** Puts the whole file in place. The answers are given one after the other, to be written as they should be. */
  async finish(head: string, lineOf: (answer: ImageAnswer) => string): Promise<void> {
    await this.flush()
    const file = await atomicFile(this.path)
    try {
      let text = head
      let first = true
      for await (const line of wholeLines(partialOf(this.path))) {
        if (!first) text += lineOf(JSON.parse(line.toString()))
        first = false
        if (text.length > HELD_CHARACTERS) {
          await file.write(text)
          text = ''
        }
      }
      await file.write(text)
      await file.commit()
    } finally {
      await file.abort()
    }
    await rm(partialOf(this.path))
  }

  /** Ends the writing; what is not finished can be gone on with. */
  async close(): Promise<void> {
    await this.flush().finally(async () => {
      await this.handle.close()
      await this.unlock()
    })
  }

  private async write(text: string): Promise<void> {
    await this.handle.appendFile(text).catch((cause) => {
      throw writeError(partialOf(this.path), cause)
    })
  }
}

const partialOf = (path: string): string => `${path}.partial`

const inUse = (path: string): UserError =>
  new UserError(`${path} is being written by another process`, {
    hint: 'Wait for it, or choose another file with --out.',
  })

async function refuseFile(path: string): Promise<void> {
  if (!(await lstat(path).catch(() => undefined))) return
  throw new UserError(`${path} is there already`, { hint: 'Remove it, or choose another file with --out.' })
}

/**
 * How much of a partial file holds: whole batches of answers to the first of the images. Undefined where there is none, or
 * not even its first line.
 */
async function keptAnswers(
  partial: string,
  basis: AnswerBasis,
  names: readonly string[],
  batchSize: number,
): Promise<{ answers: number; bytes: number } | undefined> {
  if (!(await lstat(partial).catch(() => undefined))) return undefined
  const begins = (await openedHead(partial)).toString()
  if (!HEAD.startsWith(begins.slice(0, HEAD.length))) throw ofOthers(partial)
  let kept: { answers: number; bytes: number } | undefined
  let bytes = 0
  let answers = 0
  for await (const line of wholeLines(partial)) {
    bytes += line.length + 1
    const value = parsed(line)
    if (!kept) {
      checkBasis(partial, value, basis)
      kept = { answers, bytes }
      continue
    }
    if (!value || value.image !== names[answers]) break
    answers++
    if (answers % batchSize === 0 || answers === names.length) kept = { answers, bytes }
  }
  return kept
}

function checkBasis(partial: string, head: Record<string, unknown> | undefined, basis: AnswerBasis): void {
  const begun = head?.basis as AnswerBasis | undefined
  if (!begun) throw ofOthers(partial)
  const keys = [...new Set([...Object.keys(begun), ...Object.keys(basis)])]
  const other = keys.filter((key) => !isDeepStrictEqual(begun[key], basis[key]))
  if (other.length === 0) return
  throw new ConfigError(`${partial} was begun otherwise; what differs: ${other.join(', ')}`, {
    hint: 'Call it as it was begun to go on, or remove that file to begin anew.',
  })
}

const ofOthers = (partial: string): UserError =>
  new UserError(`${partial} holds no answers of an earlier call`, {
    hint: 'Remove it, or choose another file with --out.',
  })

async function openedHead(path: string): Promise<Buffer> {
  const parts: Buffer[] = []
  for await (const part of createReadStream(path, { end: HEAD.length - 1 })) parts.push(part as Buffer)
  return Buffer.concat(parts)
}

function parsed(line: Buffer): Record<string, unknown> | undefined {
  try {
    return JSON.parse(line.toString())
  } catch {
    return undefined
  }
}

/** Lines of a file without their ends; what follows the last end, a line cut off by a crash, is left out. */
async function* wholeLines(path: string): AsyncGenerator<Buffer> {
  let rest = Buffer.alloc(0)
  for await (const chunk of createReadStream(path)) {
    const data = Buffer.concat([rest, chunk as Buffer])
    let from = 0
    for (let end = data.indexOf(10); end >= 0; end = data.indexOf(10, from)) {
      yield data.subarray(from, end)
      from = end + 1
    }
    rest = data.subarray(from)
  }
}
