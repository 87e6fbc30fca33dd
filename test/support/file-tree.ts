import { createHash } from 'node:crypto'
import { lstatSync, readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { join } from 'node:path'

/** Everything below a folder by its path: hashes of files with their modes and times, links and folders. */
export function fileTree(folder: string): Record<string, string> {
  const tree: Record<string, string> = {}
  for (const path of readdirSync(folder, { recursive: true, encoding: 'utf8' }).sort()) {
    const status = lstatSync(join(folder, path))
    if (status.isSymbolicLink()) tree[path] = `link to ${readlinkSync(join(folder, path))}`
    else if (status.isDirectory()) tree[path] = 'folder'
    else {
      const hash = createHash('sha256')
        .update(readFileSync(join(folder, path)))
        .digest('hex')
      tree[path] = `${status.mode} ${status.mtimeMs} ${hash}`
    }
  }
  return tree
}
