import { parentPort } from 'node:worker_threads'
import { answerRequests } from '../../core/runtime/remote.js'
import * as ort from './onnxruntime.js'

// Entry of the thread that computes.

const port = parentPort!
port.on(
  'message',
  answerRequests(ort, (reply) => port.postMessage(reply)),
)
