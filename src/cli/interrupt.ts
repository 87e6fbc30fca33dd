import { constants } from 'node:os'

const signals = ['SIGINT', 'SIGTERM'] as const
/** Schedulers signal a job's processes and its script, which passes it on: that counts once. */
const ECHO_MS = 500
let code = 128 + constants.signals.SIGINT

/** Exit code of a process that a signal has stopped: 130 for Ctrl-C, 143 for SIGTERM. */
export const interruptedCode = (): number => code

/**
 * A signal that Ctrl-C aborts, as does SIGTERM, by which schedulers end a job. A second one ends the process at once;
 * what is on disk is whole at any moment.
 *
 * @param message what to say on the first
 */
export function interruptible(message: string | (() => string)): AbortSignal {
  const controller = new AbortController()
  let first = 0
  const stop = (name: NodeJS.Signals) => {
    if (controller.signal.aborted) {
      if (performance.now() - first > ECHO_MS) process.exit(code)
      return
    }
    first = performance.now()
    code = 128 + constants.signals[name]
    process.stderr.write(`\n${typeof message === 'string' ? message : message()}\n`)
    controller.abort(new DOMException('interrupted', 'AbortError'))
  }
  for (const name of signals) process.on(name, stop)
  return controller.signal
}
