/**
 * A signal that Ctrl-C aborts. A second Ctrl-C ends the process at once; what is on disk is whole at any moment.
 *
 * @param message what to say on the first Ctrl-C
 */
export function interruptible(message: string | (() => string)): AbortSignal {
  const controller = new AbortController()
  process.once('SIGINT', () => {
    process.stderr.write(`\n${typeof message === 'string' ? message : message()}\n`)
    controller.abort(new DOMException('interrupted', 'AbortError'))
    process.once('SIGINT', () => process.exit(130))
  })
  return controller.signal
}
