import { ConfigError, DataError, ImageError, TrainingError, UserError, WeightsError } from '../core/errors.js'
import { GraphError, type HostTensor } from '../core/graph/index.js'
import type { TensorMap } from '../core/runtime/session.js'
import { type CompiledModel, createOrtSession, type OrtOptions, type OrtSession } from './ort-sessions.js'

/** One end of a channel to another thread: a `Worker`, the scope inside one, or a `MessagePort`. */
export interface Port {
  postMessage(message: unknown, transfer: Transferable[]): void
  onmessage: ((event: MessageEvent) => unknown) | null
}

/** Requests to the thread that computes; each is answered by one reply of the same id. */
export type Request =
  | { id: number; kind: 'compile'; session: number; model: CompiledModel; options: OrtOptions }
  | { id: number; kind: 'run'; session: number; inputs: TensorMap }
  | { id: number; kind: 'release'; session: number }

export type Reply = { id: number; outputs?: Record<string, HostTensor> } | { id: number; error: PlainError }

/** An error as it crosses between threads. */
export interface PlainError {
  readonly name: string
  readonly message: string
  readonly hint: string | undefined
}

/** Holds the sessions of a thread and answers the requests that arrive at `port`. */
export function serveSessions(port: Port): void {
  const sessions = new Map<number, OrtSession>()

  async function handle(request: Request): Promise<Record<string, HostTensor>> {
    const session = sessions.get(request.session)
    switch (request.kind) {
      case 'compile':
        sessions.set(request.session, await createOrtSession(request.model, request.options))
        return {}
      case 'run':
        if (!session) throw new GraphError('a session was run after its release')
        return session.run(request.inputs)
      case 'release':
        sessions.delete(request.session)
        await session?.release()
        return {}
    }
  }

  port.onmessage = async ({ data: request }: MessageEvent<Request>) => {
    try {
      const outputs = await handle(request)
      // What ONNX Runtime gives out is a copy that nobody else holds.
      const buffers = new Set(Object.values(outputs).map(({ data }) => data.buffer as ArrayBuffer))
      port.postMessage({ id: request.id, outputs } satisfies Reply, [...buffers])
    } catch (error) {
      port.postMessage({ id: request.id, error: plainError(error) } satisfies Reply, [])
    }
  }
}

function plainError(error: unknown): PlainError {
  const { name, message } = error instanceof Error ? error : { name: 'Error', message: String(error) }
  return { name, message, hint: error instanceof UserError ? error.hint : undefined }
}

/** By name, since bundlers shorten the names of classes. */
const kinds = { UserError, WeightsError, DataError, ImageError, ConfigError, TrainingError }

/** The error again, of the kind it had. */
export function errorOf({ name, message, hint }: PlainError): Error {
  if (name === 'GraphError') return new GraphError(message)
  const UserErrorKind = Object.hasOwn(kinds, name) ? kinds[name as keyof typeof kinds] : undefined
  if (UserErrorKind) return new UserErrorKind(message, hint === undefined ? {} : { hint })
  return Object.assign(new Error(message), { name })
}
