import { cacheSettings } from './cache-settings.js'
import { DiskCache } from './disk-cache.js'

/** Name of the warnings that this process emits about its cache. */
const CACHE_WARNING = 'CacheWarning'

/**
 * The cache that the environment names; undefined where it is turned off.
 *
 * @throws ConfigError when a variable's value cannot be used
 */
export function openCache(): DiskCache | undefined {
  const { folder, maxBytes } = cacheSettings()
  if (maxBytes === 0) return undefined
  return new DiskCache({
    folder,
    maxBytes,
    onWarning: (message) => process.emitWarning(message, CACHE_WARNING),
  })
}
