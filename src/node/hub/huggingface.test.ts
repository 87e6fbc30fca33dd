import { lstat, mkdtemp, readdir, readFile, readlink, realpath, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { gitHash, HubServer, sha256 } from '../../../test/support/hub-server.js'
import { UserError, WeightsError } from '../../core/errors.js'
import { huggingFaceModel } from './huggingface.js'
import type { HubSettings } from './settings.js'

const weights = Buffer.alloc(200_000, 'weights')
const config = Buffer.from('{"model_type": "clip"}')
const repository = 'org/clip'
let server: HubServer
let cache: string
let settings: HubSettings

const small = (text: string | Buffer) => ({ content: Buffer.from(text), lfs: false })
const large = (content: Buffer) => ({ content, lfs: true })

async function serve(files: Parameters<typeof HubServer.start>[1]): Promise<void> {
  await server?.stop()
  server = await HubServer.start(repository, files)
  cache = await mkdtemp(join(tmpdir(), 'hub-'))
  settings = {
    endpoint: server.url,
    token: 'hf_secret',
    hubCache: cache,
    offline: false,
    openAiEndpoint: server.storageUrl,
    openAiCache: cache,
    pythonClipCache: cache,
    timeoutMs: 5_000,
    retryDelayMs: 5,
  }
}

beforeEach(() =>
  serve({
    'README.md': small('# CLIP'),
    'config.json': small(config),
    'vocab.json': small('{}'),
    'merges.txt': small('#version'),
    'tf_model.h5': large(Buffer.from('not wanted')),
    'pytorch_model.bin': large(Buffer.from('not wanted')),
    'model.safetensors': large(weights),
  }),
)
afterEach(() => server.stop())

const load = (changes: Partial<HubSettings> = {}, revision = 'main') =>
  huggingFaceModel(repository, revision, { ...settings, ...changes })
const failure = async (changes: Partial<HubSettings> = {}, revision = 'main') => {
  const error = await load(changes, revision).catch((e: unknown) => e)
  expect(error).toBeInstanceOf(UserError)
  return error as UserError
}

describe('a model of the Hub', () => {
  it('is laid out in the cache as the Hugging Face libraries do it', async () => {
    const model = await load()
    const folder = join(cache, 'models--org--clip')
    expect(model).toEqual({
      commit: server.commit,
      path: join(folder, 'snapshots', server.commit, 'model.safetensors'),
    })
    expect(await readFile(join(folder, 'refs', 'main'), 'utf8')).toBe(server.commit)
    expect((await readdir(dirname(model.path))).sort()).toEqual([
      'config.json',
      'merges.txt',
      'model.safetensors',
      'vocab.json',
    ])
    expect((await readdir(join(folder, 'blobs'))).sort()).toEqual(
      [sha256(weights), gitHash(config), gitHash(Buffer.from('{}')), gitHash(Buffer.from('#version'))].sort(),
    )
    expect(await readlink(model.path)).toBe(join('..', '..', 'blobs', sha256(weights)))
    expect((await readFile(model.path)).equals(weights)).toBe(true)
  })

  it('is not transferred again', async () => {
    await load()
    server.seen.length = 0
    await load()
    expect(server.seen.every(({ path }) => path.startsWith('/api/'))).toBe(true)
    server.seen.length = 0
    await load({}, server.commit)
    expect(server.seen).toEqual([])
  })

  it('fetches again only what a new commit has changed', async () => {
    await load()
    server.commit = 'b'.repeat(40)
    server.files.get('vocab.json')!.content = Buffer.from('{"a": 1}')
    server.seen.length = 0
    const model = await load()
    expect(model.commit).toBe(server.commit)
    expect(server.seen.filter(({ path }) => !path.startsWith('/api/')).map(({ path }) => path)).toEqual([
      `/org/clip/resolve/${server.commit}/vocab.json`,
    ])
    expect((await readFile(model.path)).equals(weights)).toBe(true)
  })

  it('goes on where the transfer of its weights was cut', async () => {
    server.faults.cut = { after: 150_000, times: 1 }
    const model = await huggingFaceModel(repository, 'main', settings, { onProgress: server.watch })
    expect((await readFile(model.path)).equals(weights)).toBe(true)
    expect(server.transfers('model.safetensors').map(({ range }) => range)).toEqual([
      undefined,
      'bytes=150000-',
    ])
  })

  it('is refused when its weights have another hash, and its snapshot does not show them', async () => {
    server.faults.corrupt = true
    const error = await failure()
    expect(error.message).toMatch(/model\.safetensors from 127\.0\.0\.1:\d+: SHA-256 is/)
    const snapshot = join(cache, 'models--org--clip', 'snapshots', server.commit)
    expect(await readdir(snapshot)).not.toContain('model.safetensors')
    expect((await failure({ offline: true })).message).toMatch(/^org\/clip@main is not in/)
  })

  it('is transferred once when two ask for it at the same time', async () => {
    server.faults.slowMs = 150
    const [a, b] = await Promise.all([load(), load()])
    expect(a).toEqual(b)
    expect(server.transfers('model.safetensors')).toHaveLength(1)
    expect(server.transfers('config.json')).toHaveLength(1)
  })

  it('becomes a file where the cache has no links', async () => {
    const { path } = await load()
    const content = await readFile(path)
    await rm(path)
    await writeFile(path, content)
    server.seen.length = 0
    await load()
    expect((await lstat(path)).isSymbolicLink()).toBe(false)
    expect(server.transfers('model.safetensors')).toEqual([])
  })
})

describe('the token', () => {
  it('is sent to the Hub and never to the host it redirects to', async () => {
    await load()
    const sent = (host: string) =>
      new Set(server.seen.filter((r) => r.host === host).map((r) => r.authorization))
    expect(sent('hub')).toEqual(new Set(['Bearer hf_secret']))
    expect(sent('storage')).toEqual(new Set([undefined]))
  })

  it('may have any form that the endpoint accepts', async () => {
    await load({ token: 'mirror-token' })
    expect(server.seen[0]!.authorization).toBe('Bearer mirror-token')
  })
})

describe('without the Hub', () => {
  it('takes the model from the cache in offline mode, and asks nobody', async () => {
    const online = await load()
    server.seen.length = 0
    expect(await load({ offline: true })).toEqual(online)
    expect(await load({ offline: true }, server.commit)).toEqual(online)
    expect(server.seen).toEqual([])
  })

  it('says in offline mode what is missing and where it was looked for', async () => {
    const error = await failure({ offline: true })
    expect(error.message).toBe(`org/clip@main is not in ${cache}, and HF_HUB_OFFLINE is set`)
    expect(error.hint).toMatch(/Unset HF_HUB_OFFLINE/)
    const { path } = await load()
    await rm(await realpath(path))
    expect((await failure({ offline: true })).message).toMatch(/is not whole in .* holds no weights/)
  })

  it('takes what the branch last meant when the Hub cannot be reached', async () => {
    const online = await load()
    await server.stop()
    expect(await load()).toEqual(online)
  })

  it('says how to go on when the Hub cannot be reached and nothing is there', async () => {
    await server.stop()
    const started = performance.now()
    const error = await failure()
    expect(error.message).toMatch(/^org\/clip cannot be downloaded from 127\.0\.0\.1:\d+: .*ECONNREFUSED/)
    expect(error.hint).toMatch(/path of a local model.*HF_HUB_OFFLINE/)
    expect(performance.now() - started).toBeLessThan(2_000)
  })
})

describe('what the Hub refuses', () => {
  it.each([
    [
      { status: 403, errorCode: 'GatedRepo' },
      /restricted by its owner/,
      /Accept the conditions on .*HF_TOKEN/,
    ],
    [{ status: 401, errorCode: 'RepoNotFound' }, /does not exist/, /Check the spelling.*HF_TOKEN/],
    [{ status: 401 }, /refuses access/, /HF_TOKEN/],
    [{ status: 404 }, /^org\/clip does not exist/, /private/],
    [{ status: 404, errorCode: 'RevisionNotFound' }, /no revision "main"/, /Leave out @main/],
    [{ status: 500 }, /status 500/, /Try again later/],
  ])('is said for %j', async (apiError, message, hint) => {
    server.apiError = apiError
    const error = await failure()
    expect(error.message).toMatch(message)
    expect(error.hint).toMatch(hint)
  })

  it('comes with the repository that was probably meant', async () => {
    const error = await huggingFaceModel('openai/clip-vit-base-patch61', 'main', settings).catch((e) => e)
    expect(error.hint).toMatch(/Did you mean openai\/clip-vit-base-patch16/)
  })
})

describe('the choice of files', () => {
  it('takes every part of divided weights', async () => {
    const index = { weight_map: { a: 'model-1-of-2.safetensors', b: 'model-2-of-2.safetensors' } }
    await serve({
      'config.json': small(config),
      'model.safetensors.index.json': small(JSON.stringify(index)),
      'model-1-of-2.safetensors': large(Buffer.from('one')),
      'model-2-of-2.safetensors': large(Buffer.from('two')),
      'model-3-of-2.safetensors': large(Buffer.from('other')),
    })
    const { path } = await load()
    expect((await readdir(dirname(path))).sort()).toEqual([
      'config.json',
      'model-1-of-2.safetensors',
      'model-2-of-2.safetensors',
      'model.safetensors.index.json',
    ])
    await rm(join(dirname(path), 'model-2-of-2.safetensors'))
    expect((await failure({ offline: true })).message).toMatch(/lacks "model-2-of-2.safetensors"/)
  })

  it('refuses an index that names files outside the repository', async () => {
    await serve({
      'config.json': small(config),
      'model.safetensors.index.json': small('{"weight_map": {"a": "../../../evil"}}'),
    })
    await expect(load()).rejects.toThrow('lacks "../../../evil"')
  })

  it("takes open_clip's weights where model.safetensors belongs to another library", async () => {
    await serve({
      'config.json': small('{"architecture": "vit_base_patch16_clip_224"}'),
      'open_clip_config.json': small('{}'),
      'model.safetensors': large(Buffer.from('timm')),
      'open_clip_model.safetensors': large(weights),
    })
    expect((await load()).path).toMatch(/open_clip_model\.safetensors$/)
  })

  it('refuses another kind of model before its weights are transferred', async () => {
    server.files.get('config.json')!.content = Buffer.from('{"model_type": "bert"}')
    await expect(load()).rejects.toThrow(WeightsError)
    await expect(load()).rejects.toThrow('model_type in its config.json is "bert"')
    expect(server.transfers('model.safetensors')).toEqual([])
  })

  it('stops on request', async () => {
    const stop = new AbortController()
    server.faults.slowMs = 60_000
    const onProgress = vi.fn(({ received }) => received > 0 && stop.abort(new Error('enough')))
    const stopped = huggingFaceModel(repository, 'main', settings, { signal: stop.signal, onProgress })
    await expect(stopped).rejects.toThrow('enough')
    expect(onProgress).toHaveBeenCalled()
  })
})
