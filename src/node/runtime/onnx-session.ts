import { InferenceSession, Tensor as OrtTensor } from 'onnxruntime-node'
import { GraphError, type HostTensor, sizeOf, WEIGHTS_LOCATION } from '../../core/graph/index.js'
import type { TensorMap } from '../../core/runtime/session.js'

/** What crosses to the thread that runs a model. */
export interface CompiledModel {
  readonly onnx: Uint8Array
  readonly weights: Uint8Array
  readonly inputs: Readonly<Record<string, readonly number[]>>
}

/** Options of ONNX Runtime's CPU provider. */
export interface OnnxOptions {
  /** Threads of one operator; 0 lets ONNX Runtime take one a physical core. */
  readonly threads: number
  /**
   * Keep a packed copy of every weight: at ViT-B/16 it costs 3 seconds and a gigabyte at the start and gains a few
   * percent a step.
   */
  readonly prepack: boolean
}

/** An ONNX Runtime session of the thread that created it. `run` blocks that thread. */
export class OnnxSession {
  private constructor(
    private readonly session: InferenceSession,
    private readonly inputs: CompiledModel['inputs'],
  ) {}

  static async create(model: CompiledModel, { threads, prepack }: OnnxOptions): Promise<OnnxSession> {
    const session = await InferenceSession.create(model.onnx, {
      executionProviders: ['cpu'],
      graphOptimizationLevel: 'extended',
      intraOpNumThreads: threads,
      interOpNumThreads: 1,
      // Planning one arena pattern for a step of many sizes costs half a gigabyte at ViT-B/16 and gains no time.
      enableMemPattern: false,
      extra: { session: { disable_prepacking: prepack ? '0' : '1' } },
      // Warnings of ONNX Runtime are about nodes it folds; errors arrive as exceptions.
      logSeverityLevel: 4,
      externalData: model.weights.length === 0 ? [] : [{ path: WEIGHTS_LOCATION, data: model.weights }],
    })
    return new OnnxSession(session, model.inputs)
  }

  async run(values: TensorMap): Promise<Record<string, HostTensor>> {
    const feeds: Record<string, OrtTensor> = {}
    for (const [name, shape] of Object.entries(this.inputs)) {
      const value = values[name]
      if (!value) throw new GraphError(`input ${name} was not given`)
      if (value.data.length !== sizeOf(shape)) {
        throw new GraphError(`input ${name}: ${value.data.length} values for shape [${shape}]`)
      }
      feeds[name] = new OrtTensor('float32', value.data, shape)
    }
    const results = await this.session.run(feeds)
    const outputs: Record<string, HostTensor> = {}
    for (const [name, tensor] of Object.entries(results)) {
      outputs[name] = { shape: tensor.dims, data: tensor.data as Float32Array }
    }
    return outputs
  }

  async release(): Promise<void> {
    await this.session.release()
  }
}
