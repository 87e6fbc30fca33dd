import { mkdir, mkdtemp, readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { HubServer, sha256 } from '../../../test/support/hub-server.js'
import { ConfigError, UserError } from '../../core/errors.js'
import { openAiModelFile } from './openai.js'
import { findOpenAiModel, openAiModels } from './openai-models.js'
import { refuseForeignRepository, repositoryOf, resolveModel } from './resolve-model.js'
import { type HubSettings, hubSettings } from './settings.js'

const archive = Buffer.alloc(100_000, 'archive')
const model = { name: 'ViT-B/16', file: 'ViT-B-16.pt', sha256: sha256(archive) }
let server: HubServer
let home: string

beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'resolve-'))
  server = await HubServer.start('org/clip', {
    'ViT-B-16.pt': { content: archive, lfs: true },
    'config.json': { content: Buffer.from('{"model_type": "clip"}'), lfs: false },
    'model.safetensors': { content: archive, lfs: true },
  })
  for (const name of ['HF_HUB_CACHE', 'HUGGINGFACE_HUB_CACHE', 'HF_HUB_OFFLINE', 'TRANSFORMERS_OFFLINE']) {
    vi.stubEnv(name, undefined)
  }
  vi.stubEnv('HF_ENDPOINT', server.url)
  vi.stubEnv('HF_HOME', join(home, 'huggingface'))
  vi.stubEnv('PROMPTSRC_CACHE', join(home, 'own'))
  vi.stubEnv('PROMPTSRC_OPENAI_ENDPOINT', server.storageUrl)
})
afterEach(async () => {
  vi.unstubAllEnvs()
  await server.stop()
})

describe('a model name', () => {
  it('tiny means the model inside the package', async () => {
    const { kind, path } = await resolveModel('tiny')
    expect(kind).toBe('embedded')
    expect((await stat(join(path, '..', '..', 'package.json'))).isFile()).toBe(true)
    expect(path).toMatch(/assets.tiny$/)
  })

  it('may be a local file or folder, before all else but tiny', async () => {
    const path = join(home, 'model.pt')
    await writeFile(path, '')
    expect(await resolveModel(path)).toEqual({ kind: 'local', name: path, path })
    expect(await resolveModel(home)).toEqual({ kind: 'local', name: home, path: home })
  })

  it('may be a repository of the Hub, with a revision', async () => {
    const resolved = await resolveModel('org/clip@main')
    const snapshot = join(home, 'huggingface', 'hub', 'models--org--clip', 'snapshots', server.commit)
    expect(resolved).toEqual({
      kind: 'huggingface',
      name: 'org/clip',
      path: join(snapshot, 'model.safetensors'),
      revision: server.commit,
    })
    const elsewhere = await resolveModel('org/clip', { cacheDir: join(home, 'elsewhere') })
    expect(elsewhere.path).toContain(join(home, 'elsewhere', 'models--org--clip'))
  })

  it.each(['EVA02-B-16', 'eva02-b/16'])('%s is what open_clip calls so', (name) => {
    expect(repositoryOf(name)).toEqual({
      name: 'timm/eva02_base_patch16_clip_224.merged2b_s8b_b131k',
      revision: 'main',
    })
  })

  it.each(['ViT-B/16', 'ViT-B-16', 'vit-b/16'])('%s is one of OpenAI', async (name) => {
    // What the server gives under this name has not the published hash.
    await expect(resolveModel(name)).rejects.toThrow(/ViT-B-16\.pt from .* SHA-256 is .*, expected 5806e77c/)
    expect(server.seen.map(({ path }) => path)).toEqual([
      '/5806e77cd80f8b59890b7e101eabd078d9fb84e6937f9e85e4ecb61988df416f/ViT-B-16.pt',
    ])
  })

  it.each([
    ['ViT-B/61', 'ViT-B/16'],
    ['EVA02-B-61', 'EVA02-B-16'],
    ['vitb32', 'ViT-B/32'],
    ['RN5', 'RN50'],
    ['tinny', 'tiny'],
    ['clip-vit-base-patch16', undefined],
  ])('%s is unknown, and the nearest is suggested', async (name, nearest) => {
    const error = await resolveModel(name).catch((e: unknown) => e)
    expect(error).toBeInstanceOf(ConfigError)
    expect((error as ConfigError).message).toContain(`unknown model "${name}"`)
    if (nearest) expect((error as ConfigError).hint).toContain(nearest)
    expect(server.seen).toEqual([])
  })

  it.each(['./missing', 'weights/missing.pt', '/no/such/folder'])(
    '%s is a path that is missing',
    async (path) => {
      await expect(resolveModel(path)).rejects.toThrow(`model ${path}: no such file or folder`)
    },
  )

  it.each(['../no-such', 'org/..', 'org/name@../../x', 'org/a/b', 'org/na me', '', 'a--b/c'])(
    '%j never leaves the cache',
    async (name) => {
      const error = await resolveModel(name).catch((e: unknown) => e)
      expect(error).toBeInstanceOf(ConfigError)
      expect(server.seen).toEqual([])
    },
  )
})

describe("a file of OpenAI's", () => {
  let settings: HubSettings
  beforeEach(async () => {
    settings = { ...(await hubSettings()), pythonClipCache: join(home, 'clip'), retryDelayMs: 5 }
  })

  it('is downloaded under the name the Python package gives it, and then found', async () => {
    const path = await openAiModelFile(model, settings)
    expect(path).toBe(join(home, 'own', 'clip', 'ViT-B-16.pt'))
    expect((await readFile(path)).equals(archive)).toBe(true)
    expect(await openAiModelFile(model, settings)).toBe(path)
    expect(server.seen).toHaveLength(1)
  })

  it('is taken from where the Python package has put it, if it is whole', async () => {
    await mkdir(settings.pythonClipCache)
    const path = join(settings.pythonClipCache, 'ViT-B-16.pt')
    await writeFile(path, archive)
    expect(await openAiModelFile(model, settings)).toBe(path)
    expect(server.seen).toEqual([])
    await writeFile(path, archive.subarray(5))
    expect(await openAiModelFile(model, settings)).toBe(join(settings.openAiCache, 'ViT-B-16.pt'))
    expect((await readFile(path)).length).toBe(archive.length - 5)
  })

  it('goes on after a cut', async () => {
    server.faults.cut = { after: 60_000, times: 1 }
    await openAiModelFile(model, settings, { onProgress: server.watch })
    expect(server.seen.map(({ range }) => range)).toEqual([undefined, 'bytes=60000-'])
  })

  it('replaces a damaged one, offline says so', async () => {
    const path = join(settings.openAiCache, 'ViT-B-16.pt')
    await mkdir(settings.openAiCache, { recursive: true })
    await writeFile(path, 'damaged')
    const offline = openAiModelFile(model, { ...settings, offline: true })
    await expect(offline).rejects.toThrow('ViT-B/16 is not (whole) in')
    await openAiModelFile(model, settings)
    expect((await readFile(path)).equals(archive)).toBe(true)
    expect(await readdir(settings.openAiCache)).toEqual(['ViT-B-16.pt'])
  })

  it('names the mirror variable when the host does not have it', async () => {
    const error = await openAiModelFile({ ...model, file: 'x.pt' }, settings).catch((e: unknown) => e)
    expect(error).toBeInstanceOf(UserError)
    expect((error as UserError).hint).toContain('PROMPTSRC_OPENAI_ENDPOINT')
  })

  it('has a file name and a SHA-256 for every published model', () => {
    expect(openAiModels).toHaveLength(9)
    expect(new Set(openAiModels.map(({ sha256: hex }) => hex)).size).toBe(9)
    for (const { sha256: hex } of openAiModels) expect(hex).toMatch(/^[0-9a-f]{64}$/)
    expect(findOpenAiModel('vit-l-14-336')?.file).toBe('ViT-L-14-336px.pt')
    expect(findOpenAiModel('ViT-L/14')?.file).toBe('ViT-L-14.pt')
    expect(findOpenAiModel('ViT-L/14@336px')?.name).toBe('ViT-L/14@336px')
  })
})

describe('a model that a run names', () => {
  it('is not asked of the Hub where it is a repository that is not on this machine', async () => {
    vi.stubEnv('HF_TOKEN', 'secret')
    const refused = refuseForeignRepository('runs/given', 'attacker/evil-repo')
    await expect(refused).rejects.toThrow(ConfigError)
    await expect(refused).rejects.toMatchObject({
      message:
        'runs/given names the model attacker/evil-repo of the Hugging Face Hub, which is not on this machine',
      hint: expect.stringContaining('--model attacker/evil-repo'),
    })
    expect(server.seen).toEqual([])
  })

  it.each(['tiny', 'ViT-B/16', 'openai/clip-vit-base-patch16', tmpdir()])('may be %s', async (name) => {
    await expect(refuseForeignRepository('runs/given', name)).resolves.toBeUndefined()
    expect(server.seen).toEqual([])
  })

  it('may be one that was downloaded before', async () => {
    await resolveModel('org/clip')
    await expect(refuseForeignRepository('runs/given', 'org/clip')).resolves.toBeUndefined()
  })
})
