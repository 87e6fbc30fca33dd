import * as z from 'zod'
import { Refusal } from './refusal.js'
import { bodyOf, jsonOf, valid } from './request-body.js'

/** What a request asks. */
export interface ClassifyRequest {
  /** The image's file. */
  readonly image: Uint8Array
  /** Classes to choose from in place of the run's. */
  readonly classes?: readonly string[] | undefined
  /** Classes beside them. */
  readonly addClasses?: readonly string[] | undefined
  /** Classes to answer with. */
  readonly top?: number | undefined
}

/** What requests may be. */
export interface RequestLimits {
  /** Bytes of an image's file. */
  readonly maxBytes: number
  /** Names of classes in a request. */
  readonly maxClasses: number
}

/** Longer names are no names; the text tower reads less than this anyway. */
const LONGEST_NAME = 500

/** Types of a body that is the image itself; the last is what curl says of any bytes. */
const BYTES = /^(|image\/.*|application\/(octet-stream|x-www-form-urlencoded))$/

/** Room for what stands around an image: names of classes, boundaries of parts. */
const AROUND = 1 << 20

/**
 * Reads a request: the bytes of an image with options in the query, a form with parts (`image`, `classes`, …), or JSON with
 * the image in base64.
 *
 * @throws Refusal for what is none of these, or too large; nothing beyond the limit is read
 */
export async function readRequest(request: Request, limits: RequestLimits): Promise<ClassifyRequest> {
  const type = (request.headers.get('content-type') ?? '').split(';')[0]!.trim().toLowerCase()
  const { maxBytes } = limits
  const body = (most: number) => bodyOf(request, most, () => tooLarge(maxBytes))
  if (type === 'application/json') {
    return fromJson(await body(Math.ceil((maxBytes * 4) / 3) + AROUND), limits)
  }
  if (type === 'multipart/form-data') {
    return fromForm(await body(maxBytes + AROUND), request, limits)
  }
  if (!BYTES.test(type)) {
    throw new Refusal(
      415,
      `content type ${type.slice(0, 100)}; expected image/*, application/octet-stream, multipart/form-data or application/json`,
    )
  }
  const { searchParams: query } = new URL(request.url)
  const options = optionsFrom((name) => query.getAll(name), limits)
  return { ...options, image: checkedImage(await body(maxBytes), limits) }
}

const tooLarge = (maxBytes: number): Refusal =>
  new Refusal(413, `the image is larger than ${(maxBytes / 1e6).toLocaleString('en')} MB`, {
    connection: 'close',
  })

const names = z.array(z.string().max(LONGEST_NAME))
const top = z.int().min(1)
const json = z.strictObject({
  image: z.string(),
  classes: names.optional(),
  addClasses: names.optional(),
  top: top.optional(),
})

function fromJson(body: Uint8Array, limits: RequestLimits): ClassifyRequest {
  const { image, ...options } = valid(json, jsonOf(body))
  const text = image.replace(/^data:[^,]*;base64,/, '')
  if (!/^[A-Za-z0-9+/_-]*={0,2}$/.test(text)) throw new Refusal(400, 'image: not in base64')
  const bytes = Buffer.from(text, 'base64')
  return { ...checkedOptions(options, limits), image: checkedImage(new Uint8Array(bytes), limits) }
}

async function fromForm(
  body: Uint8Array<ArrayBuffer>,
  request: Request,
  limits: RequestLimits,
): Promise<ClassifyRequest> {
  const headers = { 'content-type': request.headers.get('content-type')! }
  const form = await new Response(body, { headers }).formData().catch(() => {
    throw new Refusal(400, 'the body is not a form with parts')
  })
  const image = form.get('image')
  if (image === null || typeof image === 'string')
    throw new Refusal(400, 'image: expected a file in the form')
  const textsOf = (name: string) => form.getAll(name).filter((value) => typeof value === 'string')
  const bytes = new Uint8Array(await image.arrayBuffer())
  return { ...optionsFrom(textsOf, limits), image: checkedImage(bytes, limits) }
}

function checkedImage(image: Uint8Array, { maxBytes }: RequestLimits): Uint8Array {
  if (image.length === 0) throw new Refusal(400, 'image: is empty')
  if (image.length > maxBytes) {
    throw new Refusal(413, `the image is larger than ${(maxBytes / 1e6).toLocaleString('en')} MB`)
  }
  return image
}

const texts = z.strictObject({
  classes: names,
  addClasses: names,
  top: z.array(z.coerce.number().pipe(top)).max(1),
})

/** Options that are given as texts, each of them any number of times. */
function optionsFrom(all: (name: string) => string[], limits: RequestLimits) {
  const given = { classes: all('classes'), addClasses: all('addClasses'), top: all('top') }
  const { classes, addClasses, top } = valid(texts, given)
  return checkedOptions(
    { classes: classes.length > 0 ? classes : undefined, addClasses, top: top[0] },
    limits,
  )
}

function checkedOptions<T extends Omit<ClassifyRequest, 'image'>>(
  options: T,
  { maxClasses }: RequestLimits,
): T {
  const count = (options.classes?.length ?? 0) + (options.addClasses?.length ?? 0)
  if (count > maxClasses) throw new Refusal(400, `${count} names of classes; expected at most ${maxClasses}`)
  if (options.classes?.length === 0) throw new Refusal(400, 'classes: expected one or more')
  return options
}
