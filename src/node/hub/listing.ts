import { type ListFileEntry, listFiles, modelInfo } from '@huggingface/hub'
import { UserError } from '../../core/errors.js'
import type { Checksum } from './checksum.js'
import type { Connection } from './download.js'
import { get, NetworkError } from './http.js'
import { isCommit } from './hub-cache.js'
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
  const client = { hubUrl: endpoint, fetch: hubFetch(endpoint, connection) }
  const entries = new Map<string, ListFileEntry>()
  let commit: unknown
  try {
    commit = (await modelInfo({ name: repository, revision, additionalFields: ['sha'], ...client })).sha
    if (typeof commit !== 'string' || !isCommit(commit)) throw unusable(`commit ${JSON.stringify(commit)}`)
    for await (const entry of listFiles({ repo: repository, revision: commit, ...client })) {
      if (entry.type === 'file' && plainName.test(entry.path)) entries.set(entry.path, entry)
    }
  } catch (error) {
    // The client takes answers as they come, and stumbles over those that are no JSON or of another form.
    if (error instanceof SyntaxError || error instanceof TypeError) throw unusable('answer', error)
    throw error
  }
  return {
    commit,
    names: new Set(entries.keys()),
    file(name) {
      const found = listedFile(entries.get(name))
      if (!found) throw unusable(`hash or size of ${name}`)
      return found
    },
  }
}

/** No folders, no `..`, no drive letters: a listing must not decide where on this machine is written. */
const plainName = /^\w[\w.-]*$/

/** Large files are known by SHA-256, small ones by git's hash. */
function listedFile(entry: ListFileEntry | undefined): ListedFile | undefined {
  const size = entry?.lfs?.size ?? entry?.size
  if (entry === undefined || size === undefined || !Number.isSafeInteger(size) || size < 0) return undefined
  const { oid, lfs } = entry
  if (lfs) {
    return /^[0-9a-f]{64}$/.test(lfs.oid) ? { size, checksum: { kind: 'sha256', hex: lfs.oid } } : undefined
  }
  return oid && isCommit(oid) ? { size, checksum: { kind: 'git-blob', hex: oid, size } } : undefined
}

/** A page holds a thousand files at most; CLIP repositories have a few dozen. */
const maxPages = 100
const maxPageBytes = 4 << 20

/** `fetch` for the Hub's client: with our token rules, timeouts, retries and errors. */
function hubFetch(endpoint: string, connection: Connection): typeof fetch {
  const { origin } = new URL(endpoint)
  let pages = 0
  const ask = async (url: string): Promise<Response> => {
    // A listing names the address of its next page, which may be on any host.
    const token = new URL(url).origin === origin ? connection.token : undefined
    const answer = await get(url, { ...connection, token, headers: { accept: 'application/json' } })
    try {
      const parts: Uint8Array[] = []
      let size = 0
      for await (const part of answer.body) {
        size += part.length
        if (size > maxPageBytes) throw new NetworkError(url, 'answer is too long', true)
        parts.push(part)
      }
      return new Response(Buffer.concat(parts), { status: answer.status, headers: answer.headers })
    } finally {
      await answer.discard()
    }
  }
  return async (input) => {
    const url = input instanceof Request ? input.url : String(input)
    if (++pages > maxPages) throw new NetworkError(url, 'the list of files does not end', true)
    return retrying(() => ask(url), connection)
  }
}
