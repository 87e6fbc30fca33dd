import { homedir } from 'node:os'
import { join } from 'node:path'
import { ConfigError } from '../../core/errors.js'
import { ownCacheFolder } from '../cache/cache-settings.js'
import { readRegularText } from '../files/regular-file.js'
import { openAiEndpoint } from './openai-models.js'

/** Where models come from and where they are kept; docs/models.md lists the environment variables. */
export interface HubSettings {
  /** Base address of the Hugging Face Hub, without a slash at the end. */
  readonly endpoint: string
  /** Sent to the endpoint, never to another host. */
  readonly token: string | undefined
  /** Folder of `models--org--name` folders. */
  readonly hubCache: string
  /** Nothing but the caches is used. */
  readonly offline: boolean
  /** Base address of OpenAI's model files, without a slash at the end. */
  readonly openAiEndpoint: string
  /** Folder for OpenAI's files. */
  readonly openAiCache: string
  /** Folder of the Python package `clip`, whose downloads are used too. */
  readonly pythonClipCache: string
  /** Time without a single byte after which a connection counts as cut. */
  readonly timeoutMs: number
  /** Wait before the first new attempt; doubles with each further one. */
  readonly retryDelayMs: number
}

/**
 * Reads the settings from environment variables.
 *
 * @param cacheDir replaces both caches' folders
 * @throws ConfigError when a variable's value cannot be used
 */
export async function hubSettings(
  environment: Readonly<Record<string, string | undefined>> = process.env,
  cacheDir?: string,
): Promise<HubSettings> {
  const value = (...names: string[]) => names.map((name) => environment[name]).find((text) => text)
  const userCache = value('XDG_CACHE_HOME') ?? join(homedir(), '.cache')
  const home = value('HF_HOME') ?? join(userCache, 'huggingface')
  const ownCache = ownCacheFolder(value('PROMPTSRC_CACHE'))
  return {
    endpoint: address('HF_ENDPOINT', value('HF_ENDPOINT') ?? 'https://huggingface.co'),
    token: await accessToken(environment, home),
    hubCache: cacheDir ?? value('HF_HUB_CACHE', 'HUGGINGFACE_HUB_CACHE') ?? join(home, 'hub'),
    offline: isTrue(value('HF_HUB_OFFLINE')) || isTrue(value('TRANSFORMERS_OFFLINE')),
    openAiEndpoint: address(
      'PROMPTSRC_OPENAI_ENDPOINT',
      value('PROMPTSRC_OPENAI_ENDPOINT') ?? openAiEndpoint,
    ),
    openAiCache: cacheDir ?? join(ownCache ?? userCache, 'clip'),
    pythonClipCache: join(homedir(), '.cache', 'clip'),
    timeoutMs: 1000 * seconds('HF_HUB_DOWNLOAD_TIMEOUT', value('HF_HUB_DOWNLOAD_TIMEOUT') ?? '10'),
    retryDelayMs: 500,
  }
}

async function accessToken(
  environment: Readonly<Record<string, string | undefined>>,
  home: string,
): Promise<string | undefined> {
  const stated = environment.HF_TOKEN?.trim() || environment.HUGGING_FACE_HUB_TOKEN?.trim()
  if (stated) return stated
  if (isTrue(environment.HF_HUB_DISABLE_IMPLICIT_TOKEN)) return undefined
  const file = environment.HF_TOKEN_PATH || join(home, 'token')
  return (await readRegularText(file).catch(() => '')).trim() || undefined
}

function isTrue(value: string | undefined): boolean {
  return /^(1|on|yes|true)$/i.test(value ?? '')
}

function address(name: string, value: string): string {
  if (!URL.canParse(value) || !/^https?:$/.test(new URL(value).protocol)) {
    throw new ConfigError(`${name} is ${JSON.stringify(value)}, expected an http(s) address`)
  }
  return value.replace(/\/+$/, '')
}

function seconds(name: string, value: string): number {
  const number = Number(value)
  if (number > 0 && number < 86_400) return number
  throw new ConfigError(`${name} is ${JSON.stringify(value)}, expected a number of seconds`)
}
