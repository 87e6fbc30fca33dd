import { constants } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'

/** Opening a pipe waits for who writes into it, in a thread that nothing can interrupt; not with this flag. */
const READ_AT_ONCE = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0)

/** A path leads to a pipe, a socket or a device, on which reading might wait for ever. */
export class IrregularFile extends Error {
  /** In the place of the system's codes, which messages show. */
  readonly code = 'not a regular file'
  constructor(path: string) {
    super(`${path}: not a regular file`)
  }
}

/**
 * Opens a file of unknown origin for reading. What is no file is refused at once; a folder fails when it is read.
 *
 * @throws Error with a `code`, as `open` does
 */
export async function openRegular(path: string): Promise<FileHandle> {
  const handle = await open(path, READ_AT_ONCE)
  const status = await handle.stat()
  if (status.isFile() || status.isDirectory()) return handle
  await handle.close()
  throw new IrregularFile(path)
}

/** Reads a file of unknown origin, see {@link openRegular}. */
export async function readRegular(path: string): Promise<Buffer> {
  const handle = await openRegular(path)
  try {
    return await handle.readFile()
  } finally {
    await handle.close()
  }
}

/** {@link readRegular} as UTF-8. */
export const readRegularText = async (path: string): Promise<string> => (await readRegular(path)).toString()
