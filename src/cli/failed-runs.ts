import { UserError } from '../core/errors.js'

/** Ends a command whose runs failed: says of each why, and throws. Does nothing where none has failed. */
export function failFor(lines: readonly string[], total: number): void {
  if (lines.length === 0) return
  for (const line of lines) process.stderr.write(`failed: ${line}\n`)
  throw new UserError(`${lines.length} of ${total} runs failed`, {
    hint: 'The same call tries them again; finished runs are not repeated.',
  })
}
