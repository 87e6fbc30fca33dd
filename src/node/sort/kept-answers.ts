import { createHash } from 'node:crypto'
import { type FileHandle, open, readdir, readFile, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { Answer } from '../../core/evaluate/verdict.js'
import { answersFolder } from '../cache/cache-settings.js'
import { makeFolder } from '../files/make-folder.js'
import type { Photo } from './find-photos.js'

/** Answers that nobody has asked for in so long are dropped. */
const KEPT_MS = 30 * 24 * 3600 * 1000

/** What tells a file that was looked at from another. */
export type SeenFile = Pick<Photo, 'path' | 'bytes' | 'mtimeMs' | 'ctimeMs'>

/**
 * Answers kept on disk, so that pictures need not be looked at again: after an interruption, or when a plan that was
 * shown is carried out by another call. They are kept by path, size and times of modification and of change; a
 * disk that fails only means that pictures are looked at.
 */
export class KeptAnswers<T = Answer> {
  private constructor(
    private readonly answers: Map<string, T>,
    private readonly handle: FileHandle | undefined,
  ) {}

  /**
   * @param folder real path that the pictures are below
   * @param basis all that an answer depends on beside the picture
   */
  static async open<T = Answer>(
    folder: string,
    basis: Readonly<Record<string, unknown>>,
  ): Promise<KeptAnswers<T>> {
    const answers = new Map<string, T>()
    const home = answersFolder()
    if (home === undefined) return new KeptAnswers<T>(answers, undefined)
    const name = createHash('sha256')
      .update(JSON.stringify([folder, basis]))
      .digest('hex')
    try {
      await makeFolder(home)
      await dropOld(home)
      const file = join(home, `${name}.jsonl`)
      for (const line of (await readFile(file, 'utf8').catch(() => '')).split('\n')) {
        // A crash may have cut a line off.
        const [key, answer] = parsed<T>(line) ?? []
        if (key !== undefined && answer) answers.set(key, answer)
      }
      const handle = await open(file, 'a')
      await handle.appendFile('\n')
      return new KeptAnswers<T>(answers, handle)
    } catch {
      return new KeptAnswers<T>(answers, undefined)
    }
  }

  get(photo: SeenFile): T | undefined {
    return this.answers.get(keyOf(photo))
  }

  async put(photo: SeenFile, answer: T): Promise<void> {
    await this.handle?.appendFile(`${JSON.stringify([keyOf(photo), answer])}\n`).catch(() => {})
  }

  async close(): Promise<void> {
    await this.handle?.close()
  }
}

const keyOf = ({ path, bytes, mtimeMs, ctimeMs }: SeenFile): string =>
  `${bytes} ${mtimeMs} ${ctimeMs} ${path}`

function parsed<T>(line: string): [string, T] | undefined {
  try {
    return line === '' ? undefined : JSON.parse(line)
  } catch {
    return undefined
  }
}

async function dropOld(home: string): Promise<void> {
  for (const name of await readdir(home)) {
    const status = await stat(join(home, name)).catch(() => undefined)
    if (status && Date.now() - status.mtimeMs > KEPT_MS) await rm(join(home, name), { force: true })
  }
}
