import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { UserError } from '../../core/errors.js'
import { contentHash } from '../weights/content-hash.js'
import { download } from './download.js'
import { HttpError } from './http.js'
import { hubError } from './hub-errors.js'
import type { FetchOptions } from './huggingface.js'
import type { OpenAiModel } from './openai-models.js'
import type { HubSettings } from './settings.js'

/**
 * Makes one of OpenAI's model files local. A file that the Python package `clip` has downloaded is used too; whatever
 * is used has the published SHA-256.
 *
 * @returns the file's path
 * @throws UserError when it is not there and cannot be downloaded, or arrives damaged
 */
export async function openAiModelFile(
  model: OpenAiModel,
  settings: HubSettings,
  options: FetchOptions = {},
): Promise<string> {
  const target = join(settings.openAiCache, model.file)
  const isWhole = async (path: string) => {
    const status = await stat(path).catch(() => undefined)
    return status?.isFile() === true && (await contentHash([path])) === model.sha256
  }
  for (const path of [target, join(settings.pythonClipCache, model.file)]) {
    if (await isWhole(path)) return path
  }
  if (settings.offline) {
    throw new UserError(
      `${model.name} is not (whole) in ${settings.openAiCache}, and HF_HUB_OFFLINE is set`,
      {
        hint: 'Unset HF_HUB_OFFLINE to download it, or give the path of a local model.',
      },
    )
  }
  const connection = { ...settings, ...options, token: undefined }
  const file = {
    url: `${settings.openAiEndpoint}/${model.sha256}/${model.file}`,
    target,
    name: model.file,
    checksum: { kind: 'sha256', hex: model.sha256 } as const,
    isPresent: () => isWhole(target),
  }
  try {
    await download(file, connection)
  } catch (error) {
    if (error instanceof HttpError) {
      throw new UserError(`${model.name} cannot be downloaded: ${error.message}`, {
        cause: error,
        hint: 'Try again later, name a mirror in PROMPTSRC_OPENAI_ENDPOINT, or give the path of a local model.',
      })
    }
    throw hubError(error, { what: model.name, hasToken: false })
  }
  return target
}
