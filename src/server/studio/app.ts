import { type Context, Hono } from 'hono'
import * as z from 'zod'
import { UserError } from '../../core/errors.js'
import type { Project } from '../../core/studio/place.js'
import { smallPicture } from '../../node/data/small-picture.js'
import { Refusal, refusalOf } from '../refusal.js'
import { bodyOf, jsonOf, valid } from '../request-body.js'
import { type Access, checkAccess } from './access.js'
import type { Answers } from './answers.js'
import { archiveOf } from './archive.js'
import type { EventStreams } from './event-streams.js'
import type { Exports } from './exports.js'
import { addExample, type IntakeLimits, takePicture, tooLarge } from './intake.js'
import { namedModel, proposedModels } from './models.js'
import type { ProjectFolder } from './project-folder.js'
import { plainHint, readReport, readRuns } from './runs.js'
import { SmallPictures } from './small-pictures.js'
import type { Training } from './training.js'

/** A file of the page. */
export interface PageFile {
  readonly type: string
  readonly content: Uint8Array<ArrayBuffer>
}

/** Options of {@link studioApp}. */
export interface StudioOptions {
  readonly access: Access
  readonly project: ProjectFolder
  readonly training: Pick<Training, 'state' | 'train' | 'resume' | 'stop'>
  readonly answers: Pick<Answers, 'classify' | 'close'>
  readonly exports: Pick<Exports, 'choices' | 'make' | 'made'>
  readonly limits: IntakeLimits
  readonly events: EventStreams
  /** By path: `/`, `/studio.js`, … */
  readonly page: ReadonlyMap<string, PageFile>
  /** Told of errors that are the server's own. */
  readonly onError: (error: unknown) => void
}

/** Bytes of what is asked beside pictures: names. */
const MOST_JSON = 10_000

/** Nothing but the page's own files runs, is shown or is asked, and nobody may frame it. */
export const CONTENT_POLICY =
  "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; img-src 'self' blob:; media-src 'self' blob:; " +
  "connect-src 'self'; worker-src 'self'; form-action 'none'; frame-ancestors 'none'; base-uri 'none'"

/** Alone in its group of windows, a page may compute in threads. */
const HEADERS: Readonly<Record<string, string>> = {
  'content-security-policy': CONTENT_POLICY,
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-embedder-policy': 'require-corp',
  'cross-origin-resource-policy': 'same-origin',
  'permissions-policy': 'camera=(self), microphone=(), geolocation=()',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
}

const text = z.string().max(300)
const named = z.strictObject({ name: text })
const moved = z.strictObject({ to: text })
const formed = z.strictObject({ format: text })
const resumed = z.strictObject({ run: text })
const choice = z.strictObject({
  model: z.string().min(1).max(1000),
  download: z.boolean(),
  pace: z.enum(['thorough', 'quick']),
  shots: z.int().min(1).max(10_000),
  epochs: z.int().min(1).max(1000),
})

/** The handlers of `promptsrc studio`: a project's pictures, trainings and answers, for the page that it serves. */
export function studioApp(options: StudioOptions): Hono {
  const { access, project, training, answers, exports, limits, events, page } = options
  const app = new Hono()
  const small = new SmallPictures(smallPicture)
  const done = (c: Context) => {
    events.send('changed', null)
    return c.body(null, 204)
  }

  app.use(async (c, next) => {
    await next()
    for (const [name, value] of Object.entries(HEADERS)) c.res.headers.set(name, value)
    if (!c.res.headers.has('cache-control')) c.res.headers.set('cache-control', 'no-store')
  })
  app.use(async (c, next) => {
    checkAccess(c, access)
    await next()
  })

  app.get('/api/project', async (c) => c.json(await projectOf(project, limits)))
  app.get('/api/events', (c) => events.open(c.req.raw.signal, ['training', training.state]))

  app.post('/api/classes', async (c) => {
    const id = await project.addClass((await json(c, named)).name)
    events.send('changed', null)
    return c.json({ id })
  })
  app.patch('/api/classes/:id', async (c) => {
    await project.renameClass(c.req.param('id'), (await json(c, named)).name)
    return done(c)
  })
  app.delete('/api/classes/:id', async (c) => {
    await project.removeClass(c.req.param('id'))
    return done(c)
  })
  app.post('/api/classes/:id/pictures', async (c) => {
    const name = c.req.query('name') ?? 'picture'
    if (Number(c.req.header('content-length') ?? 0) > limits.pictureBytes)
      throw tooLarge(name, limits.pictureBytes)
    const body = (c.req.raw.body ?? []) as unknown as AsyncIterable<Uint8Array>
    const added = await takePicture(project, { classId: c.req.param('id'), name, body }, limits)
    events.send('changed', null)
    return c.json(added)
  })
  app.get('/api/classes/:id/pictures/:name', async (c) => {
    const { id, name } = c.req.param()
    const path = await project.picturePath({ classId: id, name })
    const side = c.req.query('size') === 'large' ? 1600 : 320
    const { tag, bytes } = await small.of(path, side, c.req.header('if-none-match'))
    const headers = { etag: tag, 'cache-control': 'private, no-cache' }
    return bytes
      ? c.body(bytes, 200, { ...headers, 'content-type': 'image/webp' })
      : c.body(null, 304, headers)
  })
  app.patch('/api/classes/:id/pictures/:name', async (c) => {
    const { id, name } = c.req.param()
    const now = await project.movePicture({ classId: id, name }, (await json(c, moved)).to)
    events.send('changed', null)
    return c.json(now)
  })
  app.delete('/api/classes/:id/pictures/:name', async (c) => {
    const { id, name } = c.req.param()
    await project.removePicture({ classId: id, name })
    return done(c)
  })
  app.post('/api/undo', async (c) => {
    await project.undoRemoval()
    return done(c)
  })
  app.post('/api/example', async (c) => {
    await addExample(project)
    return done(c)
  })

  app.get('/api/models', async (c) => c.json(await proposedModels()))
  app.get('/api/models/find', async (c) => c.json(await namedModel(c.req.query('name') ?? '')))
  app.post('/api/training', async (c) => {
    await training.train(await json(c, choice))
    return c.body(null, 204)
  })
  app.post('/api/training/resume', async (c) => {
    await training.resume((await json(c, resumed)).run)
    return c.body(null, 204)
  })
  app.post('/api/training/stop', async (c) => {
    await training.stop()
    return c.body(null, 204)
  })

  app.get('/api/runs/:run/report', async (c) =>
    c.json(await readReport(await project.runFolder(c.req.param('run')))),
  )
  app.post('/api/runs/:run/classify', async (c) => {
    const folder = await project.runFolder(c.req.param('run'))
    const addClasses = z
      .array(text)
      .max(50)
      .parse(c.req.queries('addClasses') ?? [])
    const image = await bytesOf(c, limits.pictureBytes, 'the picture')
    if (image.length === 0) throw new Refusal(400, 'the picture is empty')
    return c.json(await answers.classify(folder, image, addClasses, c.req.raw.signal))
  })
  app.get('/api/runs/:run/downloads', async (c) => c.json(await exports.choices(c.req.param('run'))))
  app.post('/api/runs/:run/downloads', async (c) => {
    await exports.make(c.req.param('run'), (await json(c, formed)).format)
    return c.body(null, 204)
  })
  app.get('/api/runs/:run/download', async (c) => {
    const run = c.req.param('run')
    const format = c.req.query('format') ?? 'run'
    const folder = await exports.made(run, format)
    const name = format === 'run' ? run : `${run}-${format}`
    const file = `${project.name.replaceAll(/[^\w.-]+/g, '-')}-${name}.zip`
    return c.body(await archiveOf(folder, name), 200, {
      'content-type': 'application/zip',
      'content-disposition': `attachment; filename="${file}"`,
    })
  })

  app.get('*', (c) => {
    const file = page.get(c.req.path)
    if (!file) throw new Refusal(404, `there is no ${c.req.path.slice(0, 200)}`)
    return c.body(file.content, 200, { 'content-type': file.type })
  })
  app.notFound((c) => c.json({ error: 'there is no such address' }, 404))
  app.onError((error, c) => {
    const refusal = refusalOf(error)
    if (!refusal) options.onError(error)
    const { status, message, headers } = refusal ?? {
      status: 500 as const,
      message: 'A fault of the studio; the terminal says more.',
      headers: {},
    }
    if (c.req.path === '/') return c.text(message, status, headers)
    const hint = error instanceof UserError ? plainHint(error.hint) : undefined
    return c.json({ error: message, hint }, status, headers)
  })
  return app
}

async function projectOf(project: ProjectFolder, limits: IntakeLimits): Promise<Project> {
  const [{ classes, problems }, { runs, problems: others }] = await Promise.all([
    project.read(),
    readRuns(project),
  ])
  return {
    name: project.name,
    location: project.root,
    classes,
    runs,
    removed: project.removed,
    problems: [...problems, ...others],
    limits,
  }
}

const json = async <T>(c: Context, schema: z.ZodType<T>): Promise<T> =>
  valid(schema, jsonOf(await bytesOf(c, MOST_JSON, 'what is asked')))

const bytesOf = (c: Context, most: number, what: string): Promise<Uint8Array> =>
  bodyOf(c.req.raw, most, () => tooLarge(what, most))
