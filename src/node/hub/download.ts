import { mkdir, rename, rm, statfs } from 'node:fs/promises'
import { dirname } from 'node:path'
import { UserError } from '../../core/errors.js'
import { syncFolder, writeError } from '../files/atomic.js'
import { withFileLock } from '../files/lock.js'
import { type Answer, get, NetworkError } from './http.js'
import { type Checksum, PartialFile } from './partial-file.js'
import { retrying } from './retry.js'

/** How far the download of one file has come. */
export interface DownloadProgress {
  /** The file's name: `model.safetensors`, `ViT-B-16.pt`. */
  readonly file: string
  /** Bytes that are there, those of an earlier attempt included. */
  readonly received: number
  /** Bytes of the whole file, if the server has said it. */
  readonly total: number | undefined
}

/** A file to download. */
export interface Download {
  readonly url: string
  /** Where it belongs. Nothing stands there under this name before it is whole and checked. */
  readonly target: string
  /** For progress and messages. */
  readonly name: string
  readonly checksum: Checksum
  /** Bytes of the whole file, if known before. */
  readonly size?: number
  /** Whether the file stands at its target already; asked again when another process may have fetched it. */
  readonly isPresent: () => Promise<boolean>
}

/** What downloads have in common. */
export interface Connection {
  readonly token: string | undefined
  readonly timeoutMs: number
  readonly retryDelayMs: number
  readonly signal?: AbortSignal | undefined
  readonly onProgress?: ((event: DownloadProgress) => void) | undefined
}

/**
 * Downloads a file unless it is there: one process at a time, going on where an earlier attempt was cut, checked by
 * its hash, and put in place by a rename after fsync.
 *
 * @throws UserError when the hash is wrong (the file is then removed) or it cannot be written; HttpError, NetworkError
 *   when the server does not give it; the signal's reason when aborted (what has arrived stays for the next attempt)
 */
export async function download(file: Download, connection: Connection): Promise<void> {
  if (await file.isPresent()) return
  await mkdir(dirname(file.target), { recursive: true }).catch((cause) => {
    throw writeError(file.target, cause)
  })
  const lock = `${file.target}.promptsrc.lock`
  const { signal } = connection
  await withFileLock(
    lock,
    async () => {
      if (!(await file.isPresent())) await fetchAndPlace(file, connection)
    },
    signal ? { signal } : {},
  )
}

async function fetchAndPlace(file: Download, connection: Connection): Promise<void> {
  // The Python library appends to `<blob>.incomplete` under a lock of another kind, so ours has another name.
  const path = `${file.target}.promptsrc.incomplete`
  const partial = await PartialFile.open(path, file.checksum).catch((cause) => {
    throw writeError(file.target, cause)
  })
  try {
    const inherited = partial.size > 0
    await fetchRest(file, partial, connection)
    // What an earlier attempt left may be damaged; what one attempt brought in one go is the server's fault.
    if (inherited && partial.digest() !== file.checksum.hex) {
      await partial.restart()
      await fetchRest(file, partial, connection)
    }
    const found = partial.digest()
    if (found !== file.checksum.hex) {
      await rm(path, { force: true })
      throw wrongHash(file, found)
    }
    await partial.sync()
    await partial.close()
    await rename(path, file.target)
    await syncFolder(dirname(file.target))
  } catch (error) {
    // Errors of the network stay as they are.
    throw writeError(file.target, error)
  } finally {
    await partial.close().catch(() => {})
  }
}

/** Fetches what is missing, in as many attempts as it takes. */
async function fetchRest(file: Download, partial: PartialFile, connection: Connection): Promise<void> {
  let validator: string | undefined
  const attempt = async (): Promise<void> => {
    const from = partial.size
    if (from > 0 && from === file.size) return
    const answer = await get(file.url, {
      ...connection,
      accept: [416],
      headers: from === 0 ? {} : { range: `bytes=${from}-`, ...(validator && { 'if-range': validator }) },
    })
    try {
      checkAnnounced(file, answer)
      const total = (await align(file, answer, partial, from)) ?? file.size
      const etag = answer.headers.get('etag')
      validator = etag?.startsWith('"') ? etag : undefined
      if (partial.size !== total) await receive(file, partial, answer, total, connection)
    } finally {
      await answer.discard()
    }
  }
  await retrying(attempt, { ...connection, received: () => partial.size })
}

/** Makes the partial file fit what the server sends. Gives the whole file's size, if the answer says it. */
async function align(
  file: Download,
  answer: Answer,
  partial: PartialFile,
  from: number,
): Promise<number | undefined> {
  const range = /^bytes (?:(\d+)-\d+|\*)\/(\d+)$/.exec(answer.headers.get('content-range') ?? '')
  if (answer.status === 206 && range?.[1] === String(from)) return Number(range[2])
  if (answer.status === 416 && range?.[2] === String(from)) return from
  await partial.restart()
  if (answer.status !== 200) throw new NetworkError(file.url, 'answered with another range than asked', true)
  const length = answer.headers.get('content-length')
  return length === null ? undefined : Number(length)
}

async function receive(
  file: Download,
  partial: PartialFile,
  answer: Answer,
  total: number | undefined,
  { onProgress }: Connection,
): Promise<void> {
  const report = () => onProgress?.({ file: file.name, received: partial.size, total })
  await checkSpace(file, (total ?? 0) - partial.size)
  report()
  for await (const chunk of answer.body) {
    if (total !== undefined && partial.size + chunk.length > total) {
      await partial.restart()
      throw new NetworkError(file.url, `sends more than the ${total} bytes that were announced`, true)
    }
    await partial.append(chunk)
    report()
  }
  if (total !== undefined && partial.size < total) {
    throw new NetworkError(file.url, `ended after ${partial.size} of ${total} bytes`, true)
  }
}

/** The Hub names the hash of what it sends: a file that has changed is noticed before it is transferred. */
function checkAnnounced(file: Download, answer: Answer): void {
  const header =
    answer.firstHeaders.get('x-linked-etag') ??
    (file.checksum.kind === 'git-blob' ? answer.firstHeaders.get('etag') : null)
  const announced = header?.replace(/^W\//, '').replaceAll('"', '')
  if (announced && /^([0-9a-f]{40}|[0-9a-f]{64})$/.test(announced) && announced !== file.checksum.hex) {
    throw wrongHash(file, announced)
  }
}

async function checkSpace(file: Download, missing: number): Promise<void> {
  const folder = await statfs(dirname(file.target)).catch(() => undefined)
  const free = folder && folder.bavail * folder.bsize
  // Some network drives report no sizes at all.
  if (!free || free >= missing) return
  throw new UserError(
    `cannot write ${file.target}: it needs ${megabytes(missing)}, the disk has ${megabytes(free)} free`,
    { hint: 'Free some space, or choose another cache folder (HF_HOME, PROMPTSRC_CACHE).' },
  )
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`
}

function wrongHash(file: Download, found: string): UserError {
  const kind = file.checksum.kind === 'sha256' ? 'SHA-256' : 'git hash'
  return new UserError(
    `${file.name} from ${new URL(file.url).host}: ${kind} is ${found}, expected ${file.checksum.hex}; what was downloaded is not kept`,
    { hint: 'Try again; if it stays so, a proxy or mirror on the way changes the file.' },
  )
}
