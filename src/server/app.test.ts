import sharp from 'sharp'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { randomTensor } from '../../test/support/finite-differences.js'
import { createClassifier, type Run } from '../core/evaluate/create-classifier.js'
import type { Prediction } from '../core/evaluate/predict.js'
import { configure, methodNamed } from '../core/methods/registry.js'
import type { Model } from '../core/model.js'
import { randomStream } from '../core/random.js'
import { resolveSettings } from '../core/train/settings.js'
import { predict } from '../node/data/predict.js'
import { loadModel } from '../node/model.js'
import { type AppOptions, serverApp } from './app.js'
import { ClassifyService } from './classify-service.js'
import { Metrics } from './metrics.js'

let model: Model
let run: Run
let service: ClassifyService
let png: Buffer
const metrics = new Metrics()
const batches: number[] = []
const rejection = { temperature: 1, threshold: 0 }

beforeAll(async () => {
  model = await loadModel('tiny', { threads: 1, worker: false })
  const { methodOptions } = resolveSettings({ method: 'promptsrc' }, model.clip)
  const choice = { method: methodNamed('promptsrc'), methodOptions, classNames: ['red square', 'blue ring'] }
  const parameters = new Map<string, Float32Array>()
  for (const spec of configure(choice, model.clip).parameters) {
    parameters.set(spec.name, await spec.init(randomStream(1, spec.name)))
  }
  run = { prompts: { ...choice, parameters }, model } as unknown as Run
  service = await ClassifyService.open(run, {
    rejection: (classes) => ({ ...rejection, threshold: classes === 3 ? 1 : 0 }),
    batchSize: 4,
    maxPixels: 10_000,
    classLists: 2,
    onBatch: (images) => {
      batches.push(images)
      metrics.computed(images)
    },
  })
  const noise = Uint8Array.from(randomTensor('noise', [48, 48, 3]).data, (x) => 127 + 50 * x)
  png = await sharp(noise, { raw: { width: 48, height: 48, channels: 3 } })
    .png()
    .toBuffer()
})
afterAll(async () => {
  await service.release()
  await model.close()
})

const app = (options: Partial<AppOptions> = {}) =>
  serverApp(service, metrics, {
    maxBytes: 20_000,
    maxClasses: 3,
    maxRequests: 8,
    origins: [],
    loopbackOnly: true,
    stopping: () => false,
    onError: (error) => {
      throw error
    },
    ...options,
  })
const at = (path: string) => `http://localhost:8080${path}`
const post = (body: BodyInit, headers: Record<string, string> = {}, path = '/classify', options = {}) =>
  app(options).request(at(path), { method: 'POST', body, headers })
const answered = async (response: Response | Promise<Response>): Promise<Record<string, unknown>> => {
  const { status } = await response
  return { status, ...((await (await response).json()) as object) }
}
const json = (value: unknown) => post(JSON.stringify(value), { 'content-type': 'application/json' })
const bytes = (query = '') => post(new Uint8Array(png), { 'content-type': 'image/png' }, `/classify${query}`)

describe('POST /classify', () => {
  it('sees a photo as its camera was held', async () => {
    const upright = sharp(png).extract({ left: 0, top: 0, width: 48, height: 20 })
    // 8: lies on its side, and is to be turned a quarter to the left.
    const lying = upright.clone().rotate(90).png()
    const classesOf = async (photo: Buffer) =>
      (await answered(post(new Uint8Array(photo), { 'content-type': 'image/png' }))).classes
    const right = await classesOf(await upright.clone().png().toBuffer())
    const tagged = await sharp(await lying.toBuffer())
      .withMetadata({ orientation: 8 })
      .png()
      .toBuffer()
    expect(await classesOf(tagged)).toEqual(right)
    expect(await classesOf(await lying.toBuffer())).not.toEqual(right)
  })

  it('answers what the classifier says, for an image as bytes, as a form, in base64 and as a data URL', async () => {
    await using classifier = await createClassifier(run, { batchSize: 1 })
    const { value: expected } = await predict(classifier, [png], { rejection }).next()
    const form = new FormData()
    form.set('image', new Blob([new Uint8Array(png)]), 'a.png')
    const base64 = png.toString('base64')
    for (const response of [
      bytes(),
      post(new Uint8Array(png), { 'content-type': 'application/x-www-form-urlencoded' }),
      post(form),
      json({ image: base64 }),
      json({ image: `data:image/png;base64,${base64}` }),
    ]) {
      const { status, answer, classes, score, accepted, threshold } = await answered(response)
      expect({ status, accepted, threshold }).toEqual({ status: 200, accepted: true, threshold: 0 })
      const found = classes as Prediction['classes']
      expect(answer).toBe(found[0]!.className)
      expect(found.map(({ className }) => className)).toEqual(
        (expected as Prediction).classes.map(({ className }) => className),
      )
      expect(found[0]!.probability).toBeCloseTo(expected!.classes[0]!.probability, 5)
      expect(score).toBeCloseTo(expected!.score!, 5)
    }
  })

  it('chooses among the classes of the request, and answers null for none of them', async () => {
    const form = new FormData()
    form.set('image', new Blob([new Uint8Array(png)]))
    for (const name of ['green  star', 'pink_arrow']) form.append('classes', name)
    const names = async (response: Response | Promise<Response>) =>
      ((await answered(response)).classes as { className: string }[]).map(({ className }) => className).sort()
    expect(await names(post(form))).toEqual(['green star', 'pink arrow'])
    expect(await names(bytes('?classes=green+star&classes=pink_arrow'))).toEqual(['green star', 'pink arrow'])
    expect(await names(bytes('?classes=green+star&classes=pink_arrow&top=1'))).toHaveLength(1)
    const image = png.toString('base64')
    const more = await answered(json({ image, addClasses: ['a tree'] }))
    expect(more).toMatchObject({ status: 200, answer: null, accepted: false, threshold: 1 })
    expect(more.classes).toHaveLength(3)
  })

  it('computes requests of the same moment together, whatever their classes', async () => {
    const image = png.toString('base64')
    const asked = [
      { image },
      { image, classes: ['x', 'y'] },
      { image },
      { image, classes: ['x', 'y'] },
      { image },
    ]
    const ask = () => Promise.all(asked.map((each) => answered(json(each))))
    const answers = await ask()
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200])
    expect(answers[2]!.answer).toBe(answers[0]!.answer)
    expect(['x', 'y']).toContain(answers[3]!.answer)
    // On a busy machine pictures may be decoded one after the other, each in time for a batch of its own.
    const batchesOfFive = async () => {
      batches.length = 0
      await ask()
      expect(batches.reduce((a, b) => a + b)).toBe(5)
      return batches.length
    }
    await expect.poll(batchesOfFive, { timeout: 20_000 }).toBeLessThan(5)
  })

  const image = () => png.toString('base64')
  it.each<[string, number, string, () => Promise<Response> | Response]>([
    ['no image', 422, 'text; expected a JPEG', () => post('hello', { 'content-type': 'image/png' })],
    ['an empty body', 400, 'image: is empty', () => post('', { 'content-type': 'image/png' })],
    [
      'another type',
      415,
      'content type text/html; expected image/*',
      () => post('x', { 'content-type': 'text/html' }),
    ],
    [
      'too many bytes',
      413,
      'larger than 0.02 MB',
      () => post(new Uint8Array(20_001), { 'content-type': 'image/png' }),
    ],
    ['too many in base64', 413, 'larger than 0.02 MB', () => json({ image: 'A'.repeat(27_000) })],
    ['broken JSON', 400, 'the body is not JSON', () => post('{', { 'content-type': 'application/json' })],
    ['a field of another type', 400, 'top: ', () => json({ image: image(), top: 'x' })],
    [
      'a field that there is not',
      400,
      'Unrecognized key: "clases"',
      () => json({ image: image(), clases: ['a'] }),
    ],
    ['what is no base64', 400, 'image: not in base64', () => json({ image: 'a b' })],
    ['a form without an image', 400, 'image: expected a file', () => post(new FormData())],
    [
      'a broken form',
      400,
      'not a form with parts',
      () => post('x', { 'content-type': 'multipart/form-data; boundary=b' }),
    ],
    [
      'too many classes',
      400,
      '4 names of classes; expected at most 3',
      () => bytes('?classes=a&classes=b&classes=c&classes=d'),
    ],
    ['no classes', 400, 'classes: expected one or more', () => json({ image: image(), classes: [] })],
    ['a class named twice', 422, 'class "A" is named twice', () => bytes('?classes=a&classes=A')],
    ['a class without a name', 422, 'an added class has an empty name', () => bytes('?addClasses=_')],
    ['a class that is too long', 422, 'tokens', () => bytes(`?classes=${'oak '.repeat(90)}`)],
    ['another method', 405, 'expected POST', () => app().request(at('/classify'))],
    ['another path', 404, 'POST /classify', () => app().request(at('/'))],
  ])('refuses %s', async (_, status, words, ask) => {
    expect(await answered(ask())).toEqual({ status, error: expect.stringContaining(words) })
  })

  it('refuses an image of too many pixels', async () => {
    const wide = await sharp({ create: { width: 200, height: 100, channels: 3, background: 'red' } })
      .png()
      .toBuffer()
    const refused = answered(post(new Uint8Array(wide), { 'content-type': 'image/png' }))
    expect(await refused).toEqual({ status: 422, error: expect.stringContaining('200 x 100') })
  })

  it('stops reading a body that grows beyond the limit', async () => {
    let pulled = 0
    const body = new ReadableStream({
      pull(controller) {
        pulled++
        controller.enqueue(new Uint8Array(5000))
      },
    })
    const request = new Request(at('/classify'), { method: 'POST', body, duplex: 'half' } as RequestInit)
    expect((await app().request(request)).status).toBe(413)
    expect(pulled).toBeLessThan(9)
  })

  it('refuses requests beyond those that may be at work, and says when to come again', async () => {
    const one = app({ maxRequests: 1 })
    const ask = () => one.request(at('/classify'), { method: 'POST', body: new Uint8Array(png) })
    const [first, second] = await Promise.all([ask(), ask()])
    expect([first!.status, second!.status]).toEqual([200, 503])
    expect(second!.headers.get('retry-after')).toBe('1')
    expect((await ask()).status).toBe(200)
  })

  it('refuses new requests while it stops', async () => {
    const stopping = { stopping: () => true }
    const { status, headers } = await post(new Uint8Array(png), {}, '/classify', stopping)
    expect([status, headers.get('connection')]).toEqual([503, 'close'])
    expect((await app(stopping).request(at('/health'))).status).toBe(503)
  })
})

describe('who may ask', () => {
  const health = (headers: Record<string, string>, options: Partial<AppOptions> = {}, path = '/metrics') =>
    app(options).request(at(path), { headers })

  it('is everybody with the token, where one is set, and for /health everybody', async () => {
    const token = { token: 'secret' }
    expect((await health({}, token)).status).toBe(401)
    expect((await health({ authorization: 'Bearer wrong' }, token)).status).toBe(401)
    expect((await health({ authorization: 'Bearer secret' }, token)).status).toBe(200)
    expect((await health({}, token, '/health')).status).toBe(200)
    expect((await post(new Uint8Array(png), {}, '/classify', token)).status).toBe(401)
  })

  it('is no page of another origin, unless that is allowed', async () => {
    const page = { origin: 'https://example.org' }
    expect(await answered(health(page))).toMatchObject({
      status: 403,
      error: expect.stringContaining('--cors'),
    })
    expect((await health({ origin: 'http://localhost:8080', host: 'localhost:8080' })).status).toBe(200)
    const allowed = await health(page, { origins: ['https://example.org'] })
    expect(allowed.headers.get('access-control-allow-origin')).toBe('https://example.org')
    expect(
      (await health({ origin: 'https://example.com' }, { origins: ['https://example.org'] })).status,
    ).toBe(403)
    const asked = { ...page, 'access-control-request-method': 'POST' }
    const preflight = await app({ origins: ['*'], token: 'secret' }).request(at('/classify'), {
      method: 'OPTIONS',
      headers: asked,
    })
    expect(preflight.status).toBe(204)
    expect(preflight.headers.get('access-control-allow-headers')).toContain('authorization')
    const denied = await post('x', { ...page, 'content-type': 'text/html' }, '/classify', { origins: ['*'] })
    expect([denied.status, denied.headers.get('access-control-allow-origin')]).toEqual([415, '*'])
  })

  it('is nobody by a name that was made to mean this machine', async () => {
    const named = { host: 'rebound.example.org:8080' }
    expect((await health(named)).status).toBe(403)
    expect((await health({ host: '[::1]:8080' })).status).toBe(200)
    expect((await health(named, { loopbackOnly: false })).status).toBe(200)
    expect((await health({ ...named, authorization: 'Bearer s' }, { token: 's' })).status).toBe(200)
  })
})

describe('what it says of itself', () => {
  it('counts requests, times and batches', async () => {
    const own = new Metrics()
    const counted = serverApp(service, own, {
      ...{ maxBytes: 20_000, maxClasses: 3, maxRequests: 8, origins: [], loopbackOnly: true },
      stopping: () => false,
      onError: () => {},
    })
    const ask = (body: Uint8Array<ArrayBuffer>) => counted.request(at('/classify'), { method: 'POST', body })
    for (const body of [new Uint8Array(png), new Uint8Array(png), new Uint8Array(3)]) await ask(body)
    own.computed(2)
    const text = await (await counted.request(at('/metrics'))).text()
    expect(text).toContain('promptsrc_requests_total{status="200"} 2\n')
    expect(text).toContain('promptsrc_requests_total{status="422"} 1\n')
    expect(text).toContain('promptsrc_request_seconds_bucket{le="+Inf"} 3\n')
    expect(text).toMatch(/\npromptsrc_images_total 2\n(#.*\n)+promptsrc_batches_total 1\n/)
    expect(text).toContain('promptsrc_requests_in_flight 0\n')
    for (const line of text.trimEnd().split('\n')) {
      expect(line).toMatch(/^(# (HELP|TYPE) \w+ .+|\w+(\{\w+="[^"]+"\})? [\d.e+-]+)$/)
    }
  })

  it('describes what it takes and refuses, with its limits', async () => {
    const described = await answered(
      app({ token: 'secret' }).request(at('/openapi.json'), {
        headers: { authorization: 'Bearer secret' },
      }),
    )
    expect(described).toMatchObject({ openapi: '3.1.0', security: [{ token: [] }] })
    const text = JSON.stringify(described)
    for (const [, reference] of text.matchAll(/"#\/components\/schemas\/(\w+)"/g)) {
      expect(Object.keys((described.components as { schemas: object }).schemas)).toContain(reference)
    }
    expect(text).toContain('larger than 20000 bytes')
    expect(text).not.toContain('secret')
  })
})
