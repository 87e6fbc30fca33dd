import { homedir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { hubSettings } from '../hub/settings.js'
import { cacheSettings, listingsFolder } from './cache-settings.js'

describe('cacheSettings', () => {
  it('lies in the user’s cache folder, below PROMPTSRC_CACHE where that is set', () => {
    expect(cacheSettings({})).toEqual({ folder: join(homedir(), '.cache/promptsrc'), maxBytes: 4e9 })
    expect(cacheSettings({ XDG_CACHE_HOME: '/x' }).folder).toBe('/x/promptsrc')
    expect(cacheSettings({ XDG_CACHE_HOME: '/x', PROMPTSRC_CACHE: '/y' }).folder).toBe('/y/promptsrc')
  })

  it('takes its size from PROMPTSRC_CACHE_GB', () => {
    expect(cacheSettings({ PROMPTSRC_CACHE_GB: '0.5' }).maxBytes).toBe(5e8)
    expect(cacheSettings({ PROMPTSRC_CACHE_GB: '' }).maxBytes).toBe(4e9)
    expect(() => cacheSettings({ PROMPTSRC_CACHE_GB: '4 GB' })).toThrow(
      'PROMPTSRC_CACHE_GB is "4 GB", expected a number of gigabytes',
    )
    expect(() => cacheSettings({ PROMPTSRC_CACHE_GB: '-1' })).toThrow('PROMPTSRC_CACHE_GB is "-1"')
  })

  it.each(['off', 'OFF', '0', 'no', 'false'])(
    'is off for PROMPTSRC_CACHE=%s, which is no folder',
    async (value) => {
      expect(cacheSettings({ PROMPTSRC_CACHE: value, XDG_CACHE_HOME: '/x' })).toEqual({
        folder: '/x/promptsrc',
        maxBytes: 0,
      })
      const { openAiCache } = await hubSettings({ PROMPTSRC_CACHE: value, XDG_CACHE_HOME: '/x' })
      expect(openAiCache).toBe('/x/clip')
    },
  )
})
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
