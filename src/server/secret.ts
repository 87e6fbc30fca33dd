import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'

/** A token that nobody guesses: 192 bits, in characters that every address can have. */
export const newToken = (): string => randomBytes(24).toString('base64url')

/** Whether two texts are the same, in a time that tells nothing of where they differ. */
export function sameText(a: string, b: string): boolean {
  const hash = (text: string) => createHash('sha256').update(text).digest()
  return timingSafeEqual(hash(a), hash(b))
}
