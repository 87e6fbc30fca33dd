/** What can compute. */
export type Device = 'cpu' | 'webgpu' | 'cuda' | 'dml' | 'coreml'

/** What can be asked for: a device, or whichever of this machine's is best. */
export type DeviceChoice = Device | 'auto'

/** Of one device: how ONNX Runtime names it, and what it needs. */
export interface DeviceFacts {
  readonly title: string
  /** ONNX Runtime's execution provider, in Node and in browsers. */
  readonly provider: string
  /** Platforms of Node for which the provider is built; all where absent. */
  readonly platforms?: readonly string[]
  /** The next step for whoever asked for it and cannot have it. */
  readonly advice: string
}

/** The devices, in the order in which `auto` looks for them. */
export const devices: Readonly<Record<Device, DeviceFacts>> = {
  cuda: {
    title: 'NVIDIA GPU by CUDA',
    provider: 'cuda',
    platforms: ['linux', 'win32'],
    advice: 'It needs an NVIDIA GPU and the CUDA libraries of ONNX Runtime: docs/dependencies.md, "CUDA".',
  },
  coreml: {
    title: 'Apple GPU and neural engine by Core ML',
    provider: 'coreml',
    platforms: ['darwin'],
    advice: 'It is part of macOS; elsewhere take webgpu or cpu.',
  },
  dml: {
    title: 'GPU by DirectML',
    provider: 'dml',
    platforms: ['win32'],
    advice: 'It is part of Windows; elsewhere take webgpu or cpu.',
  },
  webgpu: {
    title: 'GPU by WebGPU',
    provider: 'webgpu',
    advice: 'It needs a GPU with a current driver (Vulkan, Metal or Direct3D 12); without one take cpu.',
  },
  cpu: { title: 'processor', provider: 'cpu', advice: 'ONNX Runtime is damaged: install promptsrc anew.' },
}

/** What can be asked for, by name. */
export const deviceChoices: readonly DeviceChoice[] = ['auto', 'cpu', 'webgpu', 'cuda', 'dml', 'coreml']

/** Most threads of an operator: each is made before anything is computed, and many hundreds take minutes. */
export const MOST_THREADS = 256

/** Numbers in which products with a model's weights are computed: float32, or float16 summed in float32. All else is float32. */
export const precisions = ['fp32', 'fp16'] as const

/** See {@link precisions}. */
export type Precision = (typeof precisions)[number]
