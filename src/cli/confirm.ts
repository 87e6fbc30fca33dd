import { once } from 'node:events'
import { createInterface } from 'node:readline/promises'

/** Asks a question on the terminal. Everything but yes is no, as is having no terminal. */
export async function confirmed(question: string, signal: AbortSignal): Promise<boolean> {
  if (!process.stdin.isTTY || !process.stderr.isTTY) return false
  const lines = createInterface({ input: process.stdin, output: process.stderr })
  // The terminal is in raw mode: Ctrl-C is a key, and no signal by itself.
  lines.on('SIGINT', () => process.emit('SIGINT'))
  const closed = once(lines, 'close').then(() => '')
  try {
    const answer = await Promise.race([lines.question(`${question} [y/N] `, { signal }), closed])
    return /^\s*y(es)?\s*$/i.test(answer)
  } finally {
    lines.close()
  }
}
