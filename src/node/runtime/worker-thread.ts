import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { Worker, type WorkerOptions } from 'node:worker_threads'
import { ComputeError } from '../../core/errors.js'
import { threadEnded } from '../../core/runtime/failures.js'
import type { ComputeThread, Reply, ThreadEvents } from '../../core/runtime/remote.js'
// A worker has a copy of the environment, which ONNX Runtime does not read: this thread must have said it.
import './telemetry.js'

/**
 * Starts a worker thread that computes.
 *
 * @param options of Node's workers, such as limits of memory
 * @throws ComputeError where the worker's file is not beside this one, as in a bundle
 */
export function workerThread(options: WorkerOptions = {}): (events: ThreadEvents) => ComputeThread {
  return ({ reply, death }) => {
    // Arguments of this process, such as --input-type, may not suit it.
    const worker = new Worker(workerEntry(), { execArgv: [], ...options })
    worker.on('message', (message: Reply) => reply(message))
    worker.on('messageerror', (error) => death(threadEnded(error)))
    worker.on('error', (error) => death(threadEnded(error)))
    worker.on('exit', (code) => death(threadEnded(code)))
    return {
      post: (request, transfer) => worker.postMessage(request, transfer),
      busy: (waiting) => (waiting ? worker.ref() : worker.unref()),
      async end() {
        await worker.terminate()
      },
    }
  }
}

/** The module the worker starts from: a built file, or one that loads the source, which must be translated. */
function workerEntry(): URL {
  const sources = import.meta.url.endsWith('.ts')
  const file = new URL(sources ? './worker.ts' : './worker.js', import.meta.url)
  if (!existsSync(file)) {
    throw new ComputeError(`${fileURLToPath(file)} is missing, from which the thread that computes starts`, {
      hint: 'In a bundle, keep promptsrc external, or compute in the calling thread: worker: false.',
    })
  }
  if (!sources) return file
  const tsx = pathToFileURL(createRequire(import.meta.url).resolve('tsx/package.json'))
  const loader = new URL('./dist/esm/api/index.mjs', tsx).href
  const code = `import { tsImport } from '${loader}'; await tsImport('${file.href}', '${file.href}')`
  return new URL(`data:text/javascript,${encodeURIComponent(code)}`)
}
