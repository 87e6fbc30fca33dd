// Turns telemetry off before the library is loaded. Nothing else may import onnxruntime-node.
import './telemetry.js'

export { InferenceSession, Tensor } from 'onnxruntime-node'
