import { readFile, realpath, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { z } from 'zod'
import { DataError } from '../../core/errors.js'
import { ImageFolder, leadsOut } from '../data/image-folder.js'
import { isInside } from '../files/paths.js'
import { largestMat, type MatVariables, readMat } from './mat/read-mat.js'

const largestAnnotation = 2 ** 26

/** A line of an annotation file with its 1-based number. */
export interface Line {
  readonly text: string
  readonly number: number
}

/** Where a published data set lies, and its annotation files. All paths are relative to it and stay inside. */
export class SourceFolder {
  private constructor(
    /** Name of the data set, for messages. */
    readonly name: string,
    readonly path: string,
    private readonly real: string,
    private readonly hint: string,
  ) {}

  /** @throws DataError when there is no such folder */
  static async open(
    root: string,
    { name, folder, home }: { readonly name: string; readonly folder: string; readonly home: string },
  ): Promise<SourceFolder> {
    const path = join(root, folder)
    const hint = `docs/datasets.md shows the layout of ${name}; its images come from ${home}.`
    const real = await realpath(path).catch(() => undefined)
    if (real === undefined)
      throw new DataError(`${path}: does not exist; expected the folder of ${name}`, { hint })
    if (!(await stat(real)).isDirectory()) {
      throw new DataError(`${path}: is a file; expected the folder of ${name}`, { hint })
    }
    return new SourceFolder(name, path, real, hint)
  }

  /** The error for something in this data set that cannot be used. */
  problem(file: string, message: string, cause?: unknown): DataError {
    return new DataError(`${join(this.path, file)}${message}`, { hint: this.hint, cause })
  }

  async has(file: string): Promise<boolean> {
    return (await stat(join(this.path, file)).catch(() => undefined)) !== undefined
  }

  /**
   * @param limit most bytes that are read
   * @throws DataError when the file is missing, leads out of the data set or is too large
   */
  async bytes(file: string, limit = largestAnnotation): Promise<Uint8Array> {
    const path = join(this.path, file)
    const real = await realpath(path).catch((cause) => {
      throw this.problem(file, ': does not exist', cause)
    })
    if (!isInside(real, this.real)) throw leadsOut(path)
    const info = await stat(real)
    if (!info.isFile()) throw this.problem(file, ': is not a file')
    if (info.size > limit) throw this.problem(file, `: ${info.size} bytes; expected at most ${limit}`)
    return readFile(real).catch((cause) => {
      throw this.problem(file, `: cannot be read (${(cause as NodeJS.ErrnoException).code})`, cause)
    })
  }

  /** @throws DataError as {@link bytes} does, or when it is not UTF-8 */
  async text(file: string, limit?: number): Promise<string> {
    try {
      return new TextDecoder('utf-8', { fatal: true }).decode(await this.bytes(file, limit))
    } catch (cause) {
      if (cause instanceof DataError) throw cause
      throw this.problem(file, ': not UTF-8 text', cause)
    }
  }

  /** Lines without the space around them; empty ones are left out. */
  async lines(file: string): Promise<Line[]> {
    const lines = (await this.text(file)).split(/\r\n|\r|\n/)
    return lines.map((line, i) => ({ text: line.trim(), number: i + 1 })).filter(({ text }) => text !== '')
  }

  /** The error for a line that is not as it should be. */
  badLine(file: string, { text, number }: Line, expected: string): DataError {
    const shown = text.length > 100 ? `${text.slice(0, 100)}…` : text
    return this.problem(file, `, line ${number}: ${JSON.stringify(shown)}; expected ${expected}`)
  }

  /** @throws DataError as {@link bytes} does, or when it is not such JSON */
  async json<T>(file: string, schema: z.ZodType<T>, expected: string): Promise<T> {
    const parsed = schema.safeParse(await this.parsedJson(file))
    if (parsed.success) return parsed.data
    const { path, message } = parsed.error.issues[0]!
    const where = path.length > 0 ? `, ${path.join('.')}` : ''
    throw this.problem(file, `${where}: ${message}; expected ${expected}`)
  }

  async parsedJson(file: string, limit?: number): Promise<unknown> {
    const text = await this.text(file, limit)
    try {
      return JSON.parse(text)
    } catch (cause) {
      throw this.problem(file, `: not valid JSON (${(cause as Error).message})`, cause)
    }
  }

  /** @throws DataError as {@link bytes} does, or when it is no readable MATLAB file */
  async mat(file: string): Promise<MatVariables> {
    return readMat(await this.bytes(file, largestMat), join(this.path, file))
  }

  /**
   * A folder of images.
   *
   * @param mayBeLink whether the layout knows the folder as a link to elsewhere; what lies below must then stay there
   * @throws DataError when it is missing or leads out of the data set
   */
  async images(folder: string, { mayBeLink = false } = {}): Promise<ImageFolder> {
    const path = join(this.path, folder)
    const real = await realpath(path).catch((cause) => {
      throw this.problem(folder, ': does not exist', cause)
    })
    if (!(await stat(real)).isDirectory()) throw this.problem(folder, ': is a file; expected a folder')
    if (!mayBeLink && !isInside(real, this.real)) throw leadsOut(path)
    return new ImageFolder(path, folder, mayBeLink ? real : this.real)
  }
}
