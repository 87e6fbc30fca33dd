import { randomBytes } from 'node:crypto'
import { copyFile, link, mkdir, readdir, readFile, rename, rm, stat, symlink } from 'node:fs/promises'
import { dirname, join, relative } from 'node:path'
import { writeError, writeFileAtomic } from '../files/atomic.js'

/**
 * One repository in the standard cache of the Hugging Face libraries:
 * `models--org--name/{blobs/<hash>,snapshots/<commit>/<file>,refs/<branch>}`, where snapshots are links to blobs.
 */
export class CachedRepository {
  readonly folder: string

  constructor(cache: string, repository: string) {
    this.folder = join(cache, `models--${repository.replaceAll('/', '--')}`)
  }

  blob(hash: string): string {
    return join(this.folder, 'blobs', hash)
  }

  snapshot(commit: string): string {
    return join(this.folder, 'snapshots', commit)
  }

  /** The commit that a branch or tag meant when it was last asked for; a commit stands for itself. */
  async commitOf(revision: string): Promise<string | undefined> {
    if (isCommit(revision)) return revision
    const commit = await readFile(join(this.folder, 'refs', revision), 'utf8').catch(() => '')
    return isCommit(commit.trim()) ? commit.trim() : undefined
  }

  async remember(revision: string, commit: string): Promise<void> {
    if (isCommit(revision) || (await this.commitOf(revision)) === commit) return
    await writeFileAtomic(join(this.folder, 'refs', revision), commit)
  }

  /** Names of the files of a snapshot, without links that lead nowhere. */
  async files(commit: string): Promise<Set<string>> {
    const folder = this.snapshot(commit)
    const names = await readdir(folder).catch(() => [])
    const found = await Promise.all(names.map((name) => isFile(join(folder, name))))
    return new Set(names.filter((_, i) => found[i]))
  }

  /**
   * Lets a snapshot's file be a blob. Where links are not allowed, it becomes a copy.
   *
   * @returns the file's path
   * @throws UserError when the cache cannot be written
   */
  async place(commit: string, name: string, hash: string): Promise<string> {
    const path = join(this.snapshot(commit), name)
    const blob = this.blob(hash)
    const target = relative(dirname(path), blob)
    const temporary = `${path}.${randomBytes(6).toString('hex')}.tmp`
    try {
      await mkdir(dirname(path), { recursive: true })
      await symlink(target, temporary)
        .catch(() => link(blob, temporary))
        .catch(() => copyFile(blob, temporary))
      await rename(temporary, path)
    } catch (cause) {
      await rm(temporary, { force: true }).catch(() => {})
      throw writeError(path, cause)
    }
    return path
  }
}

/** Whether a revision is a full commit hash, which always means the same files. */
export function isCommit(revision: string): boolean {
  return /^[0-9a-f]{40}$/.test(revision)
}

async function isFile(path: string): Promise<boolean> {
  const status = await stat(path).catch(() => undefined)
  return status?.isFile() ?? false
}
