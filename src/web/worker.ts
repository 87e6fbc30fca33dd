import { sentError } from '../core/runtime/failures.js'
import { answerRequests, type Reply, type Request } from '../core/runtime/remote.js'
import { loadOrt, type OrtSetup } from './ort-module.js'

// Entry of the Web Worker in which `webRuntime` computes. The first message says how, the others are requests.

const scope = globalThis as unknown as Worker
let answering: Promise<(request: Request) => void> | undefined

const reply = (message: Reply): void => scope.postMessage(message)

scope.onmessage = ({ data }: MessageEvent<OrtSetup | Request>) => {
  if (answering === undefined || !('id' in data)) {
    answering = loadOrt(data as OrtSetup).then((ort) => answerRequests(ort, reply))
    return
  }
  answering.then(
    (answer) => answer(data),
    (error) => reply({ id: data.id, error: sentError(error) }),
  )
}
