import * as errors from '../errors.js'
import { GraphError } from '../graph/index.js'

const { ComputeError, UserError } = errors

/** How ONNX Runtime's providers and JavaScript engines say that memory does not suffice. */
const OUT_OF_MEMORY =
  /bad_alloc|bad allocation|failed to allocate|allocation fail|out of memory|OUT_OF_MEMORY|OOM|memory limit|memory access out of bounds/i

/** Throws what ONNX Runtime threw as an error of ours: ComputeError without memory, else GraphError. Ours stay. */
export function rethrow(error: unknown): never {
  if (error instanceof UserError) throw error
  const said = error instanceof Error ? error.message : String(error)
  throw OUT_OF_MEMORY.test(said) ? outOfMemory(said, error) : new GraphError(said, { cause: error })
}

/** @param said by whoever ran out of it */
export function outOfMemory(said: string, cause?: unknown): errors.ComputeError {
  return new ComputeError(`memory does not suffice to compute this (${said.trim()})`, {
    hint: 'Take a smaller batch (--batch-size), fewer runs at once (--jobs), fewer classes or a smaller model.',
    cause,
  })
}

/**
 * Why calls to a thread that is no more are not answered.
 *
 * @param how it ended: the error that ended it, or its exit code
 */
export function threadEnded(how: Error | number): errors.ComputeError {
  if (how instanceof Error && OUT_OF_MEMORY.test(`${how.message} ${(how as { code?: string }).code ?? ''}`)) {
    return outOfMemory(how.message, how)
  }
  const reason = how instanceof Error ? how.message : `exit code ${how}`
  return new ComputeError(`the thread that computes has ended (${reason})`, {
    hint: 'Give the command again; a run that was begun goes on with --resume. A program must load its model anew.',
    cause: how,
  })
}

/** Of calls on a runtime after its end. */
export const closedError = (): GraphError => new GraphError('the runtime was closed')

/** An error as it crosses to another thread, where its class would be lost. */
export interface SentError {
  readonly kind: string
  readonly message: string
  readonly hint?: string | undefined
  readonly stack?: string | undefined
}

type Kind = new (message: string, options?: { hint?: string }) => Error

const kinds: Readonly<Record<string, Kind>> = { ...errors, GraphError, RangeError, TypeError }

/** @see receivedError */
export function sentError(error: unknown): SentError {
  if (!(error instanceof Error)) return { kind: 'Error', message: String(error) }
  const { name: kind, message, stack } = error
  return { kind, message, stack, hint: error instanceof UserError ? error.hint : undefined }
}

/** The error on the other side: of the same kind, with the same message, hint and stack. */
export function receivedError({ kind, message, hint, stack }: SentError): Error {
  const error = new (kinds[kind] ?? Error)(message, hint === undefined ? {} : { hint })
  if (stack !== undefined) error.stack = stack
  return error
}
