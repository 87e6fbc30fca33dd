import * as z from 'zod'
import { UserError } from '../../core/errors.js'
import type { Connection } from './download.js'
import { get, NetworkError } from './http.js'
import { isCommit } from './hub-cache.js'
import type { Checksum } from './partial-file.js'
import { retrying } from './retry.js'

/** A file of a repository as the Hub lists it. */
export interface ListedFile {
  /** Bytes. */
  readonly size: number
  readonly checksum: Checksum
}

/** What a revision of a repository consists of. */
export interface RepositoryListing {
  readonly commit: string
  /** Names of the files at the top level. All of them are plain: they can become parts of paths. */
  readonly names: ReadonlySet<string>
  /** @throws UserError when the Hub gives no hash or size for the file that could be checked */
  file(name: string): ListedFile
}

/** What is read of the Hub's answer about a revision; a file's own facts are judged when the file is asked for. */
const answerSchema = z.object({
  sha: z.unknown(),
  siblings: z.array(z.object({ rfilename: z.string() }).loose()),
})

const size = z.int().min(0)
/** Large files are known by SHA-256, small ones by git's hash, which for a large one is that of its pointer. */
const fileSchema = z.union([
  z
    .object({ lfs: z.object({ size, sha256: z.string().regex(/^[0-9a-f]{64}$/) }) })
    .transform(({ lfs }): ListedFile => ({ size: lfs.size, checksum: { kind: 'sha256', hex: lfs.sha256 } })),
  z
    .object({ size, blobId: z.string().refine(isCommit), lfs: z.null().optional() })
    .transform(({ size, blobId }): ListedFile => {
      return { size, checksum: { kind: 'git-blob', hex: blobId, size } }
    }),
])

/**
 * Asks the Hub which commit a revision is and which files it has.
 *
 * @param endpoint base address of the Hub
 * @throws UserError for answers that are not those of a Hub; HttpError, NetworkError as `get` does
 */
export async function listRepository(
  repository: string,
  revision: string,
  endpoint: string,
  connection: Connection,
): Promise<RepositoryListing> {
  const unusable = (what: string, cause?: unknown) =>
    new UserError(`${endpoint} gives an unusable ${what} for ${repository}`, {
      hint: 'Check HF_ENDPOINT, and that no login page or proxy answers in its place.',
      cause,
    })
  const url = `${endpoint}/api/models/${repository}/revision/${encodeURIComponent(revision)}?blobs=true`
  const answer = answerSchema.safeParse(jsonOf(await retrying(() => textOf(url, connection), connection)))
  if (!answer.success) throw unusable('answer', answer.error)
  const { sha: commit, siblings } = answer.data
  if (typeof commit !== 'string' || !isCommit(commit)) throw unusable(`commit ${JSON.stringify(commit)}`)
  const files = new Map(
    siblings.filter(({ rfilename }) => plainName.test(rfilename)).map((file) => [file.rfilename, file]),
  )
  return {
    commit,
    names: new Set(files.keys()),
    file(name) {
      const file = fileSchema.safeParse(files.get(name))
      if (!file.success) throw unusable(`hash or size of ${name}`, file.error)
      return file.data
    },
  }
}

/** No folders, no `..`, no drive letters: a listing must not decide where on this machine is written. */
const plainName = /^\w[\w.-]*$/

/** A file takes some 200 bytes; CLIP repositories have a few dozen. */
const maxAnswerBytes = 16 << 20

async function textOf(url: string, connection: Connection): Promise<string> {
  const answer = await get(url, { ...connection, headers: { accept: 'application/json' } })
  try {
    const parts: Uint8Array[] = []
    let length = 0
    for await (const part of answer.body) {
      length += part.length
      if (length > maxAnswerBytes) throw new NetworkError(url, 'answer is too long', true)
      parts.push(part)
    }
    return Buffer.concat(parts).toString()
  } finally {
    await answer.discard()
  }
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
