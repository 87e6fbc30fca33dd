import { parentPort } from 'node:worker_threads'
import { OnnxSession } from './onnx-session.js'
import type { Reply, Request } from './worker-protocol.js'

// Entry of the worker thread: holds the sessions and answers requests one after the other.

const sessions = new Map<number, OnnxSession>()
const port = parentPort!

async function handle(request: Request): Promise<Reply> {
  const { id } = request
  switch (request.kind) {
    case 'compile':
      sessions.set(request.session, await OnnxSession.create(request.model, request.options))
      return { id }
    case 'run':
      return { id, outputs: await sessions.get(request.session)!.run(request.inputs) }
    case 'release':
      await sessions.get(request.session)?.release()
      sessions.delete(request.session)
      return { id }
  }
}

let queue: Promise<void> = Promise.resolve()
port.on('message', (request: Request) => {
  queue = queue.then(async () => {
    const reply = await handle(request).catch(
      (error: unknown): Reply => ({ id: request.id, error: String(error) }),
    )
    port.postMessage(reply)
  })
})
