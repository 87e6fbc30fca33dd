import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { UserError } from '../../core/errors.js'
import { fetchClipFiles } from './clip-files.js'
import { type Connection, type DownloadProgress, download } from './download.js'
import { HttpError, NetworkError } from './http.js'
import { CachedRepository, isCommit } from './hub-cache.js'
import { hubError } from './hub-errors.js'
import { listRepository } from './listing.js'
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
  const { commit, names, file } = await listRepository(repository, revision, settings.endpoint, connection)
  const path = await fetchClipFiles({
    repository,
    names,
    async fetch(name) {
      const { size, checksum } = file(name)
      const placed = join(cached.snapshot(commit), name)
      if ((await sizeOf(placed)) === size) return placed
      const target = cached.blob(checksum.hex)
      const url = `${settings.endpoint}/${repository}/resolve/${commit}/${name}`
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
