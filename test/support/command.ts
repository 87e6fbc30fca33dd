import { type ChildProcess, spawn } from 'node:child_process'
import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect } from 'vitest'

const root = fileURLToPath(new URL('../..', import.meta.url))
const program = join(root, 'dist/cli/main.js')

/** How a call of the command ended. */
export interface Ended {
  /** Exit code, null where a signal ended it. */
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly stdout: string
  readonly stderr: string
}

/** A call of the built command that is still running. */
export interface Running {
  readonly process: ChildProcess
  /** What it has printed so far. */
  readonly stderr: () => string
  readonly ended: Promise<Ended>
}

/** Starts the built command with its output in pipes. Model hubs are taken to be out of reach. */
export function startPromptsrc(
  cwd: string,
  args: readonly string[],
  nodeOptions: readonly string[] = [],
  env: Readonly<Record<string, string>> = {},
): Running {
  checkBuilt()
  const process = spawn(globalThis.process.execPath, [...nodeOptions, program, ...args], {
    cwd,
    env: { ...globalThis.process.env, HF_HUB_OFFLINE: '1', NO_COLOR: '1', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    // A call that hangs must not outlive its test.
    timeout: 90_000,
    killSignal: 'SIGKILL',
  })
  let stdout = ''
  let stderr = ''
  process.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text
  })
  process.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text
  })
  const ended = new Promise<Ended>((resolve, reject) => {
    process.on('error', reject)
    process.on('close', (code, signal) => resolve({ code, signal, stdout, stderr }))
  })
  return { process, stderr: () => stderr, ended }
}

/** Runs the built command to its end. */
export const promptsrc = (cwd: string, ...args: string[]): Promise<Ended> => startPromptsrc(cwd, args).ended

let checked = false

/** Throws where `dist` is missing or older than a source: the tests would judge another program. */
function checkBuilt(): void {
  if (checked) return
  const built = statSync(program, { throwIfNoEntry: false })?.mtimeMs ?? 0
  const source = join(root, 'src/cli')
  const newest = Math.max(...readdirSync(source).map((name) => statSync(join(source, name)).mtimeMs))
  if (built === 0) throw new Error('dist/cli/main.js is missing: run `npm run build` first')
  if (newest > newestIn(join(root, 'dist/cli')))
    throw new Error('dist is older than src/cli: run `npm run build` first')
  checked = true
}

const newestIn = (folder: string): number =>
  Math.max(...readdirSync(folder).map((name) => statSync(join(folder, name)).mtimeMs))

/** Expects a call to have ended as the user's mistake: code 2, nothing on standard output, no stack, and these words. */
export function expectRefused({ code, stdout, stderr }: Ended, ...words: string[]): void {
  expect({ code, stdout }, stderr).toEqual({ code: 2, stdout: '' })
  expect(stderr).toMatch(/^error: /m)
  expect(stderr).not.toMatch(/\n +at |fault of promptsrc/)
  for (const word of words) expect(stderr).toContain(word)
}
