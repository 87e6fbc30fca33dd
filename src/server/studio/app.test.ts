import { mkdir, mkdtemp, readdir, readFile, realpath, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { unzipSync } from 'fflate'
import sharp from 'sharp'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { ImageError } from '../../core/errors.js'
import type { Project } from '../../core/studio/place.js'
import { idle } from '../../core/studio/training-state.js'
import { studioApp } from './app.js'
import { EventStreams } from './event-streams.js'
import { Exports } from './exports.js'
import { ProjectFolder } from './project-folder.js'

const host = '127.0.0.1:8090'
const origin = `http://${host}`
const token = 'the-token'
const limits = { pictureBytes: 5000, classPictures: 3 }

let folder: string
let project: ProjectFolder
let app: ReturnType<typeof studioApp>
let cookie: string
const asked: unknown[] = []
const events = new EventStreams()

beforeEach(async () => {
  folder = await realpath(await mkdtemp(join(tmpdir(), 'studio-')))
  project = await ProjectFolder.open(join(folder, 'project'))
  asked.length = 0
  app = studioApp({
    access: { token, host: () => host },
    project,
    training: {
      state: idle,
      train: async (choice) => `${asked.push(choice)}`,
      resume: async (run) => void asked.push(run),
      stop: async () => void asked.push('stop'),
    },
    answers: {
      async classify(run, image, names) {
        if (image.length < 10)
          throw new ImageError('image: text; expected a picture', { hint: 'Add --exif.' })
        asked.push([run, image.length, names])
        return { answer: 'owl', classes: [{ className: 'owl', probability: 1 }], canReject: true }
      },
      close: async () => {},
    },
    exports: new Exports(project, async (run, format, to) => {
      asked.push([run, format])
      await mkdir(join(to, 'onnx'), { recursive: true })
      await writeFile(join(to, 'onnx', 'model.onnx'), 'x')
    }),
    limits,
    events,
    page: new Map([['/', { type: 'text/html', content: new TextEncoder().encode('<p>page') }]]),
    onError(error) {
      throw error
    },
  })
  const entered = await app.request(`${origin}/?token=${token}`, { headers: { host } })
  cookie = entered.headers.get('set-cookie')!.split(';')[0]!
})
afterEach(() => rm(folder, { recursive: true }))

type Asked = {
  readonly headers?: Record<string, string>
  readonly body?: BodyInit | object
  readonly method?: string
}

/** Asks as the page does, but for what is given. */
function ask(path: string, { headers = {}, body, method = body === undefined ? 'GET' : 'POST' }: Asked = {}) {
  const plain = body?.constructor === Object || Array.isArray(body)
  const all = { host, cookie, origin, 'sec-fetch-site': 'same-origin', ...headers }
  const given = Object.entries(all).filter(([, value]) => value !== '')
  return app.request(`${origin}${path}`, {
    method,
    headers: Object.fromEntries(given),
    ...(body === undefined
      ? {}
      : { body: plain ? JSON.stringify(body) : (body as BodyInit), duplex: 'half' }),
  } as RequestInit)
}
const answerOf = async (response: Response | Promise<Response>) => {
  const { status } = await response
  const text = await (await response).text()
  return { status, ...(text ? JSON.parse(text) : {}) }
}
const read = async (): Promise<Project> => (await ask('/api/project')).json() as Promise<Project>
const png = (grey: number) =>
  sharp({ create: { width: 24, height: 16, channels: 3, background: { r: grey, g: 0, b: 0 } } })
    .png()
    .toBuffer()
    .then((bytes) => new Uint8Array(bytes))
const add = (classId: string, name: string, body: BodyInit) =>
  ask(`/api/classes/${encodeURIComponent(classId)}/pictures?name=${encodeURIComponent(name)}`, { body })
const picture = (classId: string, name: string) =>
  `/api/classes/${encodeURIComponent(classId)}/pictures/${encodeURIComponent(name)}`
const makeClass = (name: string) => ask('/api/classes', { body: { name } })

describe('who may ask', () => {
  it('is let in by the token once, and by the cookie from then on, which does not hold it', async () => {
    const entered = await app.request(`${origin}/?token=${token}`, { headers: { host } })
    expect([entered.status, await entered.text()]).toEqual([200, '<p>page'])
    const given = entered.headers.get('set-cookie')!
    expect(given).toMatch(/^promptsrc-studio-8090=[\w-]+; Path=\/; HttpOnly; SameSite=Strict$/)
    expect(given).not.toContain(token)
    expect((await ask('/api/project')).status).toBe(200)
  })

  it.each<[string, number, string, Asked]>([
    ['another host', 403, '/api/project', { headers: { host: 'evil.example:8090' } }],
    ['another port', 403, '/api/project', { headers: { host: '127.0.0.1:8091' } }],
    ['another name of this machine', 403, '/api/project', { headers: { host: 'localhost:8090' } }],
    ['another origin', 403, '/api/project', { headers: { origin: 'http://evil.example' } }],
    ['another port as origin', 403, '/api/project', { headers: { origin: 'http://127.0.0.1:3000' } }],
    ['the origin of no page', 403, '/api/project', { headers: { origin: 'null' } }],
    ['a change without an origin', 403, '/api/classes', { body: { name: 'x' }, headers: { origin: '' } }],
    [
      'a page of another site',
      403,
      '/api/project',
      { headers: { origin: '', 'sec-fetch-site': 'cross-site' } },
    ],
    [
      'a page of another port',
      403,
      '/api/project',
      { headers: { origin: '', 'sec-fetch-site': 'same-site' } },
    ],
    ['no cookie', 401, '/api/project', { headers: { cookie: '' } }],
    ['another cookie', 401, '/api/project', { headers: { cookie: 'promptsrc-studio-8090=x' } }],
    [
      'the token for a cookie',
      401,
      '/api/project',
      { headers: { cookie: `promptsrc-studio-8090=${token}` } },
    ],
    ['the token elsewhere than at the page', 401, `/api/project?token=${token}`, { headers: { cookie: '' } }],
    ['another token', 401, '/?token=x', { headers: { cookie: '' } }],
    ['no token', 401, '/', { headers: { cookie: '' } }],
    [
      'a change in the way of another',
      401,
      '/api/training/stop',
      { headers: { cookie: '' }, method: 'POST' },
    ],
  ])('is not %s', async (_, status, path, how) => {
    const response = await ask(path, how)
    expect(response.status).toBe(status)
    expect(await response.text()).not.toContain(token)
    expect(asked).toEqual([])
  })

  it('may follow a link from a file with the token, but not be asked by it', async () => {
    const visit = {
      'sec-fetch-site': 'cross-site',
      'sec-fetch-mode': 'navigate',
      'sec-fetch-dest': 'document',
    }
    const headers = { ...visit, origin: '', cookie: '' }
    expect((await ask(`/?token=${token}`, { headers })).status).toBe(200)
    expect((await ask('/api/project', { headers: { ...headers, cookie } })).status).toBe(403)
  })

  it('gets pages that run nothing else, are framed by nobody and are alone in their group', async () => {
    const { headers } = await ask('/')
    expect(headers.get('content-security-policy')).toMatch(
      /^default-src 'none'; script-src 'self' 'wasm-unsafe-eval';/,
    )
    expect(headers.get('content-security-policy')).not.toMatch(/unsafe-inline|https?:|\*/)
    expect(headers.get('cross-origin-opener-policy')).toBe('same-origin')
    expect(headers.get('cross-origin-embedder-policy')).toBe('require-corp')
    expect(headers.get('cache-control')).toBe('no-store')
  })
})

describe('pictures', () => {
  it('are kept as files that the command line reads, and shown small', async () => {
    expect(await answerOf(makeClass('barn_owl'))).toEqual({ status: 200, id: 'barn owl' })
    const bytes = await png(10)
    expect(await answerOf(add('barn owl', 'IMG 1.PNG', bytes))).toMatchObject({
      outcome: 'added',
      name: 'IMG 1.png',
    })
    expect(new Uint8Array(await readFile(join(project.photos, 'barn owl', 'IMG 1.png')))).toEqual(bytes)
    expect((await read()).classes).toEqual([{ id: 'barn owl', name: 'barn owl', pictures: ['IMG 1.png'] }])
    const shown = await ask(picture('barn owl', 'IMG 1.png'))
    expect([shown.status, shown.headers.get('content-type')]).toEqual([200, 'image/webp'])
    const known = { 'if-none-match': shown.headers.get('etag')! }
    expect((await ask(picture('barn owl', 'IMG 1.png'), { headers: known })).status).toBe(304)
  })

  it('of the same bytes are not added twice, in whatever class; of the same name get a number', async () => {
    await makeClass('owl')
    await makeClass('hawk')
    await add('owl', 'a.png', await png(1))
    expect(await answerOf(add('owl', 'b.png', await png(1)))).toMatchObject({ outcome: 'known' })
    expect(await answerOf(add('hawk', 'a.png', await png(1)))).toMatchObject({
      outcome: 'known',
      where: { classId: 'owl', name: 'a.png' },
    })
    expect(await answerOf(add('owl', 'A.png', await png(2)))).toMatchObject({
      outcome: 'added',
      name: 'A-2.png',
    })
    expect(await answerOf(add('owl', 'no ending', await png(3)))).toMatchObject({ name: 'no ending.png' })
  })

  it.each<[string, number, string, () => Promise<BodyInit>]>([
    ['is no image', 422, 'note.jpg: text; expected a JPEG', async () => 'just a text'],
    ['is empty', 400, 'note.jpg is empty', async () => ''],
    ['is cut off', 422, 'damaged or truncated', async () => (await png(1)).slice(0, 60)],
    ['is too large', 413, 'larger than 0 MB', async () => new Uint8Array(5001)],
    [
      'is too large without saying so',
      413,
      'larger than 0 MB',
      async () =>
        new ReadableStream({
          pull(controller) {
            controller.enqueue(new Uint8Array(3000))
          },
        }),
    ],
  ])('that %s leaves nothing behind', async (_, status, message, body) => {
    await makeClass('owl')
    const answer = await answerOf(add('owl', 'note.jpg', await body()))
    expect(answer.status).toBe(status)
    expect(answer.error).toContain(message)
    expect(await readdir(join(project.photos, 'owl'))).toEqual([])
    expect(await readdir(project.incoming)).toEqual([])
  })

  it('are no more than a class may have', async () => {
    await makeClass('owl')
    for (const grey of [1, 2, 3]) expect((await add('owl', 'a.png', await png(grey))).status).toBe(200)
    expect(await answerOf(add('owl', 'a.png', await png(4)))).toMatchObject({
      status: 422,
      error: '“owl” has 3 pictures, which is as many as a class may have',
    })
  })

  it('can be moved; what is removed is put aside and comes back', async () => {
    await makeClass('owl')
    await makeClass('hawk')
    await add('owl', 'a.png', await png(1))
    await add('owl', 'b.png', await png(2))
    const moved = await ask(picture('owl', 'a.png'), { method: 'PATCH', body: { to: 'hawk' } })
    expect(await moved.json()).toEqual({ classId: 'hawk', name: 'a.png' })
    await ask(picture('owl', 'b.png'), { method: 'DELETE' })
    await ask('/api/classes/hawk', { method: 'DELETE' })
    const { classes, removed } = await read()
    expect([classes, removed]).toEqual([[{ id: 'owl', name: 'owl', pictures: [] }], 2])
    expect((await readdir(join(project.root, 'removed'), { recursive: true })).sort()).toEqual([
      'hawk',
      'hawk/a.png',
      'owl',
      'owl/b.png',
    ])
    expect((await ask('/api/undo', { method: 'POST' })).status).toBe(204)
    expect((await ask('/api/undo', { method: 'POST' })).status).toBe(204)
    expect((await read()).classes).toEqual([
      { id: 'hawk', name: 'hawk', pictures: ['a.png'] },
      { id: 'owl', name: 'owl', pictures: ['b.png'] },
    ])
    expect((await ask('/api/undo', { method: 'POST' })).status).toBe(422)
  })

  it('stay when their class is renamed, also to other letters alone', async () => {
    await makeClass('owl')
    await add('owl', 'a.png', await png(1))
    expect((await ask('/api/classes/owl', { method: 'PATCH', body: { name: 'Owl' } })).status).toBe(204)
    await makeClass('hawk')
    const twice = await answerOf(ask('/api/classes/Owl', { method: 'PATCH', body: { name: 'HAWK' } }))
    expect(twice).toMatchObject({ status: 422, error: 'There is a class “HAWK” already.' })
    expect((await read()).classes.map(({ id, pictures }) => [id, pictures])).toEqual([
      ['Owl', ['a.png']],
      ['hawk', []],
    ])
  })
})

describe('paths', () => {
  beforeEach(async () => {
    await makeClass('owl')
    await writeFile(join(folder, 'secret.png'), await png(9))
    await mkdir(join(folder, 'outside'))
  })

  it.each(['..', '.', '..%2F..', '%2Fetc', 'a%5C..', '.studio', '%00'])(
    'do not lead out by the name %s',
    async (name) => {
      for (const response of [
        await ask(`/api/classes/owl/pictures/${name}`),
        await ask(`/api/classes/${name}/pictures/secret.png`),
        await ask(`/api/classes/${name}`, { method: 'DELETE' }),
        await ask(`/api/classes/${name}/pictures?name=a.png`, { body: await png(1) }),
        await ask(`/api/runs/${name}/report`),
        await ask(`/api/runs/${name}/download`),
      ]) {
        expect([401, 403, 404]).toContain(response.status)
      }
      expect(await readdir(join(project.root, 'photos'))).toEqual(['owl'])
    },
  )

  it('do not lead out by a link', async () => {
    await symlink(join(folder, 'secret.png'), join(project.photos, 'owl', 'link.png'))
    expect((await ask(picture('owl', 'link.png'))).status).toBe(403)
    expect((await ask(picture('owl', 'link.png'), { method: 'DELETE' })).status).toBe(403)
    await rm(join(project.photos, 'owl', 'link.png'))
    await symlink(join(folder, 'outside'), join(project.photos, 'away'))
    expect((await add('away', 'a.png', await png(1))).status).toBe(403)
    await symlink(join(folder, 'outside'), join(project.runs, 'run-1'))
    expect((await ask('/api/runs/run-1/download')).status).toBe(403)
    expect(await readdir(join(folder, 'outside'))).toEqual([])
  })

  it('of a project that is a link away, or of class folders, are refused when it is opened', async () => {
    await mkdir(join(folder, 'other'))
    await symlink(join(folder, 'outside'), join(folder, 'other', 'photos'))
    await expect(ProjectFolder.open(join(folder, 'other'))).rejects.toThrow('leads out of the project')
    await mkdir(join(folder, 'album', 'oak'), { recursive: true })
    await writeFile(join(folder, 'album', 'oak', '1.jpg'), '')
    await expect(ProjectFolder.open(join(folder, 'album'))).rejects.toThrow(
      'holds folders of pictures, such as oak',
    )
  })

  it.each(['../x', 'a/b', '', 'con', '.x'])('are not made of the class name %j', async (name) => {
    const answer = await answerOf(makeClass(name))
    expect(answer).toMatchObject({ status: 422 })
    expect(answer.hint).toEqual(expect.any(String))
    expect(await readdir(project.photos)).toEqual(['owl'])
  })
})

describe('requests', () => {
  it.each<[string, string, Asked]>([
    ['what is no JSON', '/api/classes', { body: new Uint8Array([1]) }],
    ['other fields', '/api/classes', { body: { name: 'a', path: '/' } }],
    [
      'a training of no passes',
      '/api/training',
      { body: { model: 'emoji', download: false, pace: 'quick', shots: 1, epochs: 0 } },
    ],
    [
      'another pace',
      '/api/training',
      { body: { model: 'emoji', download: false, pace: 'x', shots: 1, epochs: 1 } },
    ],
  ])('are refused for %s', async (_, path, how) => {
    expect((await ask(path, how)).status).toBe(400)
    expect(asked).toEqual([])
  })

  it('are refused for more than names can be', async () => {
    expect((await ask('/api/classes', { body: { name: 'x'.repeat(20_000) } })).status).toBe(413)
  })

  it('begin, go on with and stop a training', async () => {
    const choice = { model: 'emoji', download: false, pace: 'thorough', shots: 4, epochs: 2 }
    expect((await ask('/api/training', { body: choice })).status).toBe(204)
    await ask('/api/training/resume', { body: { run: 'run-1' } })
    await ask('/api/training/stop', { method: 'POST' })
    expect(asked).toEqual([choice, 'run-1', 'stop'])
  })

  it('ask a run about a picture, with other names; a hint about options is not for pages', async () => {
    await mkdir(join(project.runs, 'run-1'))
    const answer = await ask('/api/runs/run-1/classify?addClasses=hawk', { body: new Uint8Array(100) })
    expect(await answer.json()).toMatchObject({ answer: 'owl' })
    expect(asked).toEqual([[join(project.runs, 'run-1'), 100, ['hawk']]])
    const bad = await answerOf(ask('/api/runs/run-1/classify', { body: new Uint8Array(5) }))
    expect(bad).toEqual({ status: 422, error: 'image: text; expected a picture' })
    expect((await ask('/api/runs/run-1/classify', { body: new Uint8Array(6000) })).status).toBe(413)
    expect((await ask('/api/runs/run-2/classify', { body: new Uint8Array(100) })).status).toBe(404)
  })

  it('get a run as a file of its folder, without what only goes on with it', async () => {
    await mkdir(join(project.runs, 'run-1', 'checkpoints'), { recursive: true })
    await writeFile(join(project.runs, 'run-1', 'config.yaml'), 'a: 1\n')
    await writeFile(join(project.runs, 'run-1', 'lock'), '')
    const response = await ask('/api/runs/run-1/download?format=run')
    expect(response.headers.get('content-disposition')).toBe('attachment; filename="project-run-1.zip"')
    const files = unzipSync(new Uint8Array(await response.arrayBuffer()))
    expect(Object.keys(files)).toEqual(['run-1/config.yaml'])

    const forms = (await (await ask('/api/runs/run-1/downloads')).json()) as { format: string }[]
    expect(forms.map(({ format }) => format)).toContain('onnx')
    expect((await ask('/api/runs/run-1/downloads', { body: { format: 'onnx' } })).status).toBe(204)
    expect(asked).toEqual([[join(project.runs, 'run-1'), 'onnx']])
    const made = await ask('/api/runs/run-1/download?format=onnx')
    expect(Object.keys(unzipSync(new Uint8Array(await made.arrayBuffer())))).toEqual([
      'run-1-onnx/onnx/model.onnx',
    ])
    expect((await ask('/api/runs/run-1/download?format=..%2Fx')).status).toBe(422)
    expect((await ask('/api/runs/run-1/downloads', { body: { format: '../x' } })).status).toBe(422)
  })

  it('see what happens as it happens, until the studio ends', async () => {
    const response = await ask('/api/events')
    const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader()
    expect((await reader.read()).value).toMatch(/^event: training\ndata: \{"phase":"idle"/)
    await makeClass('owl')
    expect((await reader.read()).value).toBe('event: changed\ndata: null\n\n')
    events.end()
    expect((await reader.read()).done).toBe(true)
  })
})
