// Turns telemetry off before the library is loaded. Nothing else may import onnxruntime-node.
import './telemetry.js'
import { env } from 'onnxruntime-node'

// What fails arrives as an exception; ONNX Runtime would print it as well.
env.logLevel = 'fatal'

export { InferenceSession, listSupportedBackends, Tensor } from 'onnxruntime-node'
