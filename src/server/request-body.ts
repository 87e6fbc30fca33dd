import type * as z from 'zod'
import { Refusal } from './refusal.js'

/**
 * The body of a request, of which nothing beyond the limit is read.
 *
 * @param most bytes that it may have
 * @throws what `tooLarge` gives where it has more
 */
export async function bodyOf(
  request: Request,
  most: number,
  tooLarge: () => Refusal,
): Promise<Uint8Array<ArrayBuffer>> {
  if (Number(request.headers.get('content-length') ?? 0) > most) throw tooLarge()
  const parts: Uint8Array[] = []
  let bytes = 0
  for await (const part of (request.body ?? []) as AsyncIterable<Uint8Array>) {
    bytes += part.length
    if (bytes > most) throw tooLarge()
    parts.push(part)
  }
  return new Uint8Array(Buffer.concat(parts))
}

/** A body as JSON. @throws Refusal 400 where it is none */
export function jsonOf(body: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body))
  } catch {
    throw new Refusal(400, 'the body is not JSON')
  }
}

/** A value that fits the schema. @throws Refusal 400 that names the first place where it does not */
export function valid<T>(schema: z.ZodType<T>, value: unknown): T {
  const found = schema.safeParse(value)
  if (found.success) return found.data
  const { path, message } = found.error.issues[0]!
  throw new Refusal(400, `${path.length > 0 ? `${path.join('.')}: ` : ''}${message}`.slice(0, 300))
}
