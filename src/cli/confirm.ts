import { once } from 'node:events'
import { createInterface } from 'node:readline/promises'

/** Asks a question on the terminal. Everything but yes is no, as is having no terminal. */
export async function confirmed(question: string, signal: AbortSignal): Promise<boolean> {
  if (!process.stdin.isTTY || !process.stderr.isTTY) return false
  const lines = createInterface({ input: process.stdin, output: process.stderr })
  // The terminal is in raw mode: Ctrl-C is a key, and no signal by itself.
  lines.on('SIGINT', () => process.emit('SIGINT', 'SIGINT'))
  // Ctrl-D closes the terminal: some versions of Node reject then, others never answer.
  const closed = once(lines, 'close').then(() => '')
  const answered = lines.question(`${question} [y/N] `, { signal }).catch(() => '')
  const answer = await Promise.race([answered, closed])
  lines.close()
  signal.throwIfAborted()
  return /^\s*y(es)?\s*$/i.test(answer)
}
