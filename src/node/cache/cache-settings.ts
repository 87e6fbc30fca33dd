import { homedir } from 'node:os'
import { join } from 'node:path'
import { ConfigError } from '../../core/errors.js'

const GB = 1e9
const DEFAULT_GB = 4

/** Where computed values are cached, and how many bytes of them. */
export interface CacheSettings {
  readonly folder: string
  /** 0: off. */
  readonly maxBytes: number
}

/**
 * Reads the settings from environment variables; docs/caches.md lists them.
 *
 * @throws ConfigError when a variable's value cannot be used
 */
export function cacheSettings(
  environment: Readonly<Record<string, string | undefined>> = process.env,
): CacheSettings {
  const { PROMPTSRC_CACHE_GB: size } = environment
  const maxBytes = size ? GB * gigabytes(size) : GB * DEFAULT_GB
  const userCache = environment.XDG_CACHE_HOME || join(homedir(), '.cache')
  return {
    folder: join(ownCacheFolder(environment.PROMPTSRC_CACHE) ?? userCache, 'promptsrc'),
    maxBytes: isOff(environment.PROMPTSRC_CACHE) ? 0 : maxBytes,
  }
}

/** Where listings of large data sets are kept; undefined where nothing is cached. They are few and not counted. */
export function listingsFolder({ folder, maxBytes }: CacheSettings = cacheSettings()): string | undefined {
  return maxBytes === 0 ? undefined : join(folder, 'listings')
}

/** Where answers to pictures are kept, so that an interrupted sort goes on; undefined where nothing is cached. */
export function answersFolder({ folder, maxBytes }: CacheSettings = cacheSettings()): string | undefined {
  return maxBytes === 0 ? undefined : join(folder, 'answers')
}

/** The folder that `PROMPTSRC_CACHE` names; undefined where it names none. */
export const ownCacheFolder = (value: string | undefined): string | undefined =>
  value && !isOff(value) ? value : undefined

const isOff = (value: string | undefined): boolean => /^(off|no|false|0)$/i.test(value ?? '')

function gigabytes(text: string): number {
  const value = Number(text)
  if (value >= 0 && Number.isFinite(value)) return value
  throw new ConfigError(`PROMPTSRC_CACHE_GB is ${JSON.stringify(text)}, expected a number of gigabytes`, {
    hint: '0 turns caching off.',
  })
}
