import { join } from 'node:path'
import { ConfigError, UserError } from '../../core/errors.js'
import { weightNames } from '../weights/model-folder.js'
import { get } from './http.js'
import { hubError } from './hub-errors.js'
import { huggingFaceModel } from './huggingface.js'
import { listRepository } from './listing.js'
import { findOpenAiModel } from './openai-models.js'
import { embedded, exists, repositoryOf } from './resolve-model.js'
import { hubSettings } from './settings.js'

/** What is known of a model before it is loaded. */
export interface FoundModel {
  readonly name: string
  /** Whether it is on this machine. */
  readonly here: boolean
  /** Bytes of a download, where the host says them. */
  readonly bytes?: number
  /** Host of a download. */
  readonly host?: string
}

/** Time for a host to say how large a file is. */
const ASK_MS = 5000

/**
 * Finds out whether a model is on this machine, and if not, how large its download is. Nothing is downloaded.
 *
 * @param ask whether hosts may be asked
 * @throws ConfigError for a name that is none of a model
 */
export async function findModel(spec: string, { ask = true } = {}): Promise<FoundModel> {
  if (embedded.includes(spec) || (await exists(spec))) return { name: spec, here: true }
  const settings = await hubSettings(process.env)
  const mayAsk = ask && !settings.offline
  const connection = { ...settings, timeoutMs: ASK_MS, retryDelayMs: 0 }
  const openAi = findOpenAiModel(spec)
  if (openAi) {
    const { name, file, sha256 } = openAi
    const places = [settings.openAiCache, settings.pythonClipCache].map((folder) => join(folder, file))
    const there = await Promise.all(places.map((path) => exists(path)))
    if (there.includes(true)) return { name, here: true }
    const url = `${settings.openAiEndpoint}/${sha256}/${file}`
    const bytes = mayAsk ? await lengthOf(url, ASK_MS) : undefined
    return { name, here: false, host: new URL(url).host, ...(bytes ? { bytes } : {}) }
  }
  const { name, revision } = repositoryOf(spec)
  const kept = await huggingFaceModel(name, revision, { ...settings, offline: true }).catch(() => undefined)
  if (kept) return { name: spec, here: true }
  const { host } = new URL(settings.endpoint)
  if (!mayAsk) return { name: spec, here: false, host }
  try {
    const { names, file } = await listRepository(name, revision, settings.endpoint, connection)
    const weights = weightNames.find((each) => names.has(each))
    if (weights === undefined) {
      throw new ConfigError(`${name} holds no weights of a CLIP model`, {
        hint: 'Choose another repository.',
      })
    }
    return { name: spec, here: false, host, bytes: file(weights).size }
  } catch (error) {
    if (error instanceof UserError) throw error
    throw hubError(error, { what: name, revision, hasToken: settings.token !== undefined })
  }
}

/** The size of a file that a host would send; undefined where it cannot be asked or does not say. */
async function lengthOf(url: string, timeoutMs: number): Promise<number | undefined> {
  const answer = await get(url, { timeoutMs }).catch(() => undefined)
  await answer?.discard()
  return Number(answer?.headers.get('content-length')) || undefined
}
