import { mkdir, stat } from 'node:fs/promises'
import { dirname } from 'node:path'

/**
 * Creates a folder with those above it. Node's own `recursive` never returns where a file system says of a new folder
 * that it does not exist, as /proc does.
 *
 * @returns whether the folder is new
 * @throws the file system's error
 */
export async function makeFolder(path: string): Promise<boolean> {
  try {
    await mkdir(path)
    return true
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code
    const isFolder = async (name: string) => (await stat(name).catch(() => undefined))?.isDirectory()
    if (await isFolder(path)) return false
    if (code !== 'ENOENT' || (await isFolder(dirname(path)))) throw error
  }
  await makeFolder(dirname(path))
  return await makeFolder(path)
}
