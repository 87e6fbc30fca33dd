import { describe, expect, it } from 'vitest'
import { cacheSettings, listingsFolder } from './cache-settings.js'

describe('listingsFolder', () => {
  it.each([
    [{ XDG_CACHE_HOME: '/x' }, '/x/promptsrc/listings'],
    [{ XDG_CACHE_HOME: '/x', PROMPTSRC_CACHE: '/p' }, '/p/promptsrc/listings'],
    [{ XDG_CACHE_HOME: '/x', PROMPTSRC_CACHE: 'off' }, undefined],
    [{ XDG_CACHE_HOME: '/x', PROMPTSRC_CACHE_GB: '0' }, undefined],
  ])('with %o is %s', (environment, folder) => {
    expect(listingsFolder(cacheSettings(environment))).toBe(folder)
  })
})
