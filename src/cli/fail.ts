import { CommanderError } from 'commander'
import { ImageError, UserError } from '../core/errors.js'
import { printable } from '../lab/results/formats/printable.js'
import { interruptedCode } from './interrupt.js'

/** Exit code of errors that the user can mend. */
const USER_ERROR = 2

/** Prints an error as the user should see it and returns the exit code: 2 for theirs, 130 for Ctrl-C, 143 for SIGTERM, 1 for ours. */
export function exitCodeOf(error: unknown): number {
  // commander has printed its message and suggestion already; help and version end with code 0.
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : USER_ERROR
  if (error instanceof UserError) {
    process.stderr.write(
      printable(['error: ', error.message, '\n', ...adviceOf(error).map((line) => `${line}\n`)].join('')),
    )
    return USER_ERROR
  }
  if (codesOf(error).includes('EMFILE')) {
    process.stderr.write(
      'error: too many files are open at once for this system\nRaise the limit, for example by `ulimit -n 1024`, and try again.\n',
    )
    return USER_ERROR
  }
  if (error instanceof Error && error.name === 'AbortError') return interruptedCode()
  process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`)
  process.stderr.write('This is a fault of promptsrc, not yours. Please report it with the lines above.\n')
  return 1
}

/** Codes of an error and of what caused it. */
function codesOf(error: unknown): string[] {
  const found: string[] = []
  for (let one = error; one instanceof Error && found.length < 10; one = one.cause) {
    found.push(`${(one as NodeJS.ErrnoException).code}`)
    if (/EMFILE|too many open files/.test(one.message)) found.push('EMFILE')
  }
  return found
}

/** Prints a warning on standard error. */
export function warn(message: string, kind = 'warning'): void {
  process.stderr.write(`${kind}: ${printable(message)}\n`)
}

/** The next steps after an error, a line each. */
export function adviceOf(error: UserError): string[] {
  return [
    ...(error.hint ? [error.hint] : []),
    ...(error instanceof ImageError ? ['To go on without such images, add --skip-bad-images.'] : []),
  ]
}
