import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { type ListFileEntry, listFiles, modelInfo } from '@huggingface/hub'
import { UserError } from '../errors.js'
import type { Checksum } from './checksum.js'
import { fetchClipFiles } from './clip-files.js'
import { type Connection, type DownloadProgress, download } from './download.js'
import { get, HttpError, NetworkError } from './http.js'
import { CachedRepository, isCommit } from './hub-cache.js'
import { hubError } from './hub-errors.js'
import { retrying } from './retry.js'
import type { HubSettings } from './settings.js'

/** A model of the Hub on this machine. */
export interface HubModel {
  /** The weight file (or index) in the snapshot folder, beside its configuration and tokenizer. */
  readonly path: string
  /** The commit of the repository. */
  readonly commit: string
}

/** Options of downloads. */
export interface FetchOptions {
  readonly signal?: AbortSignal
  readonly onProgress?: (event: DownloadProgress) => void
}

/**
 * Makes a CLIP model of the Hub local: from the cache where it is there, downloaded otherwise. A branch is looked up
 * on the Hub each time; if the Hub cannot be reached, what the branch last meant is used.
 *
 * @param repository `org/name`
 * @param revision a branch, tag or commit
 * @throws UserError when it is not there, not allowed, not reachable or damaged
 */
export async function huggingFaceModel(
  repository: string,
  revision: string,
  settings: HubSettings,
  options: FetchOptions = {},
): Promise<HubModel> {
  const cached = new CachedRepository(settings.hubCache, repository)
  const local = () => cachedModel(cached, repository, revision)
  if (settings.offline) {
    const found = await local().catch((cause) => missing(repository, revision, settings, cause))
    return found ?? missing(repository, revision, settings)
  }
  if (isCommit(revision)) {
    const found = await local().catch(() => undefined)
    if (found) return found
  }
  const connection: Connection = { ...settings, ...options }
  try {
    return await downloadedModel(cached, repository, revision, settings, connection)
  } catch (error) {
    const found = isUnreachable(error) ? await local().catch(() => undefined) : undefined
    if (found) return found
    throw hubError(error, { what: repository, revision, hasToken: settings.token !== undefined })
  }
}

async function downloadedModel(
  cached: CachedRepository,
  repository: string,
  revision: string,
  settings: HubSettings,
  connection: Connection,
): Promise<HubModel> {
  const client = { hubUrl: settings.endpoint, fetch: hubFetch(connection) }
  const info = await modelInfo({ name: repository, revision, additionalFields: ['sha'], ...client })
  const commit = info.sha
  if (!isCommit(commit)) throw unexpected(repository, `commit ${JSON.stringify(commit)}`, settings)
  const entries = new Map<string, ListFileEntry>()
  for await (const entry of listFiles({ repo: repository, revision: commit, ...client })) {
    if (entry.type === 'file') entries.set(entry.path, entry)
  }
  const path = await fetchClipFiles({
    repository,
    names: new Set(entries.keys()),
    async fetch(name) {
      const entry = entries.get(name)!
      const checksum = checksumOf(entry)
      if (!checksum) throw unexpected(repository, `hash of ${name}`, settings)
      const size = entry.lfs?.size ?? entry.size
      const placed = join(cached.snapshot(commit), name)
      if ((await sizeOf(placed)) === size) return placed
      const target = cached.blob(checksum.hex)
      const url = `${settings.endpoint}/${repository}/resolve/${commit}/${encodeURIComponent(name)}`
      const isPresent = async () => (await sizeOf(target)) === size
      await download({ url, target, name, checksum, size, isPresent }, connection)
      return cached.place(commit, name, checksum.hex)
    },
  })
  await cached.remember(revision, commit)
  return { path, commit }
}

async function sizeOf(path: string): Promise<number | undefined> {
  return (await stat(path).catch(() => undefined))?.size
}

/** What the Hub calls the file's content; large files are known by SHA-256, small ones by git's hash. */
function checksumOf({ oid, lfs, size }: ListFileEntry): Checksum | undefined {
  if (lfs) return /^[0-9a-f]{64}$/.test(lfs.oid) ? { kind: 'sha256', hex: lfs.oid } : undefined
  return oid && isCommit(oid) ? { kind: 'git-blob', hex: oid, size } : undefined
}

/** The model as far as the cache holds it whole. */
async function cachedModel(
  cached: CachedRepository,
  repository: string,
  revision: string,
): Promise<HubModel | undefined> {
  const commit = await cached.commitOf(revision)
  const names = commit && (await cached.files(commit))
  if (!names || names.size === 0) return undefined
  const fetch = async (name: string) => join(cached.snapshot(commit), name)
  return { path: await fetchClipFiles({ repository, names, fetch }), commit }
}

function isUnreachable(error: unknown): boolean {
  return error instanceof NetworkError ? !error.answered : error instanceof HttpError && error.status >= 500
}

function missing(repository: string, revision: string, { hubCache }: HubSettings, cause?: unknown): never {
  const found = cause instanceof Error ? `not whole in ${hubCache} (${cause.message})` : `not in ${hubCache}`
  throw new UserError(`${repository}@${revision} is ${found}, and HF_HUB_OFFLINE is set`, {
    cause,
    hint: 'Unset HF_HUB_OFFLINE to download it, or give the path of a local model.',
  })
}

function unexpected(repository: string, what: string, { endpoint }: HubSettings): UserError {
  return new UserError(`${endpoint} gives an unusable ${what} for ${repository}`, {
    hint: 'Check HF_ENDPOINT: it must speak the protocol of the Hugging Face Hub.',
  })
}

const maxListingBytes = 32 << 20

/** `fetch` for the Hub's client: with our token rules, timeouts, retries and errors. */
function hubFetch(connection: Connection): typeof fetch {
  const ask = async (url: string): Promise<Response> => {
    const answer = await get(url, { ...connection, headers: { accept: 'application/json' } })
    try {
      const parts: Uint8Array[] = []
      let size = 0
      for await (const part of answer.body) {
        size += part.length
        if (size > maxListingBytes) throw new NetworkError(url, 'answer is too long', true)
        parts.push(part)
      }
      return new Response(Buffer.concat(parts), { status: answer.status, headers: answer.headers })
    } finally {
      await answer.discard()
    }
  }
  return (input) => retrying(() => ask(input instanceof Request ? input.url : String(input)), connection)
}
