import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

const main = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url))

/** A studio of the built program. */
export interface StudioServer {
  readonly process: ChildProcess
  /** With the token. */
  readonly url: string
  /** What it has written to standard error. */
  readonly stderr: () => string
  /** Ends it as Ctrl-C does; gives its exit code. */
  stop(): Promise<number | null>
}

/** Starts `promptsrc studio` on a free port, computing on one thread. */
export async function startStudio(folder: string): Promise<StudioServer> {
  const args = [main, 'studio', folder, '--no-open', '--json', '--threads', '1']
  const child = spawn(process.execPath, args, {
    env: { ...process.env, HF_HUB_OFFLINE: '1' },
    stdio: ['ignore', 'pipe', 'pipe'],
    // One that hangs must not outlive its test.
    timeout: 300_000,
    killSignal: 'SIGKILL',
  })
  let stderr = ''
  child.stderr!.setEncoding('utf8').on('data', (text: string) => {
    stderr += text
  })
  const [line] = (await Promise.race([
    once(child.stdout!.setEncoding('utf8'), 'data'),
    once(child, 'exit').then(() => Promise.reject(new Error(stderr))),
  ])) as [string]
  const { url } = JSON.parse(line) as { url: string }
  return {
    process: child,
    url,
    stderr: () => stderr,
    async stop() {
      const exit = once(child, 'exit')
      child.kill('SIGINT')
      return (await exit)[0]
    },
  }
}
