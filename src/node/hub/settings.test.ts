import { mkdtemp, writeFile } from 'node:fs/promises'
import { homedir, tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { ConfigError } from '../../core/errors.js'
import { hubSettings } from './settings.js'

describe('settings of downloads', () => {
  it('have the usual defaults; an empty variable counts as unset', async () => {
    const settings = await hubSettings({ HF_HOME: '', HF_ENDPOINT: '' })
    expect(settings).toMatchObject({
      endpoint: 'https://huggingface.co',
      hubCache: join(homedir(), '.cache', 'huggingface', 'hub'),
      openAiCache: join(homedir(), '.cache', 'clip'),
      openAiEndpoint: 'https://openaipublic.azureedge.net/clip/models',
      offline: false,
    })
  })

  it('follow the variables, the more specific first', async () => {
    const general = { XDG_CACHE_HOME: '/x' }
    expect(await hubSettings(general)).toMatchObject({
      hubCache: '/x/huggingface/hub',
      openAiCache: '/x/clip',
    })
    const home = { ...general, HF_HOME: '/h', PROMPTSRC_CACHE: '/p', HF_ENDPOINT: 'https://mirror.test/hf/' }
    expect(await hubSettings(home)).toMatchObject({
      hubCache: '/h/hub',
      openAiCache: '/p/clip',
      endpoint: 'https://mirror.test/hf',
    })
    expect((await hubSettings({ ...home, HF_HUB_CACHE: '/c' })).hubCache).toBe('/c')
    expect(await hubSettings({ ...home, HF_HUB_CACHE: '/c' }, '/mine')).toMatchObject({
      hubCache: '/mine',
      openAiCache: '/mine',
    })
  })

  it.each([
    ['1', true],
    ['TRUE', true],
    ['0', false],
    ['', false],
  ])('HF_HUB_OFFLINE=%j means %s', async (value, expected) => {
    expect((await hubSettings({ HF_HUB_OFFLINE: value })).offline).toBe(expected)
  })

  it('take the token from the variable, else from the file that a login has left', async () => {
    const home = await mkdtemp(join(tmpdir(), 'settings-'))
    await writeFile(join(home, 'token'), 'hf_file\n')
    await writeFile(join(home, 'other'), 'hf_other')
    const token = async (more: Record<string, string>) =>
      (await hubSettings({ HF_HOME: home, ...more })).token
    expect(await token({})).toBe('hf_file')
    expect(await token({ HF_TOKEN: 'hf_variable' })).toBe('hf_variable')
    expect(await token({ HF_TOKEN_PATH: join(home, 'other') })).toBe('hf_other')
    expect(await token({ HF_HUB_DISABLE_IMPLICIT_TOKEN: '1' })).toBeUndefined()
    expect(await token({ HF_HOME: join(home, 'none') })).toBeUndefined()
  })

  it.each([
    { HF_ENDPOINT: 'huggingface.co' },
    { PROMPTSRC_OPENAI_ENDPOINT: 'file:///models' },
    { HF_HUB_DOWNLOAD_TIMEOUT: 'soon' },
  ])('refuse %j by name', async (environment) => {
    const settings = hubSettings(environment)
    await expect(settings).rejects.toThrow(ConfigError)
    await expect(settings).rejects.toThrow(Object.keys(environment)[0])
  })
})
