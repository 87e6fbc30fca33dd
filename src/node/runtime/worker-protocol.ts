import type { HostTensor } from '../../core/graph/index.js'
import type { TensorMap } from '../../core/runtime/session.js'
import type { CompiledModel, OnnxOptions } from './onnx-session.js'

/** Requests to the worker; each is answered by one reply of the same id. */
export type Request =
  | { id: number; kind: 'compile'; session: number; model: CompiledModel; options: OnnxOptions }
  | { id: number; kind: 'run'; session: number; inputs: TensorMap }
  | { id: number; kind: 'release'; session: number }

export type Reply = { id: number; outputs?: Record<string, HostTensor> } | { id: number; error: string }
