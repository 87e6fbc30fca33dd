import { type ChildProcess, spawn } from 'node:child_process'
import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import type { Command } from 'commander'
import { expect } from 'vitest'

const root = fileURLToPath(new URL('../..', import.meta.url))
const main = join(root, 'dist/cli/main.js')

/** Model hubs are taken to be out of reach. */
const environment = { HF_HUB_OFFLINE: '1', NO_COLOR: '1' }

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

/** Starts the built command with its output in pipes. */
export function startPromptsrc(
  cwd: string,
  args: readonly string[],
  nodeOptions: readonly string[] = [],
  env: Readonly<Record<string, string>> = {},
  stdin?: string,
): Running {
  checkBuilt()
  const process = spawn(globalThis.process.execPath, [...nodeOptions, main, ...args], {
    cwd,
    env: { ...globalThis.process.env, ...environment, ...env },
    stdio: [stdin === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
    // A call that hangs must not outlive its test.
    timeout: 90_000,
    killSignal: 'SIGKILL',
  })
  process.stdin?.end(stdin)
  let stdout = ''
  let stderr = ''
  process.stdout!.setEncoding('utf8').on('data', (text: string) => {
    stdout += text
  })
  process.stderr!.setEncoding('utf8').on('data', (text: string) => {
    stderr += text
  })
  const ended = new Promise<Ended>((resolve, reject) => {
    process.on('error', reject)
    process.on('close', (code, signal) => resolve({ code, signal, stdout, stderr }))
  })
  return { process, stderr: () => stderr, ended }
}

/** Runs the built command in a process of its own to its end. */
export const promptsrcProcess = (cwd: string, ...args: string[]): Promise<Ended> =>
  startPromptsrc(cwd, args).ended

let last: Promise<unknown> = Promise.resolve()

/**
 * Runs the built program in this process to its end: the same command line, errors and exit code as
 * {@link promptsrcProcess} at a tenth of its cost. Calls wait for each other, for they share working directory and
 * streams. Not for what needs a process: signals, locks between processes, closed pipes, and the `unit` command, which
 * ends with the process that started it.
 */
export function promptsrc(cwd: string, ...args: string[]): Promise<Ended> {
  checkBuilt()
  const ended = last.then(() => inProcess(cwd, args))
  last = ended.catch(() => {})
  return ended
}

async function inProcess(cwd: string, args: readonly string[]): Promise<Ended> {
  const { exitCodeOf }: Fail = await built('fail')
  const said = { stdout: '', stderr: '' }
  const before = { cwd: process.cwd(), env: { ...process.env }, listeners: signals.map(listenersOf) }
  const undo = [replaceWrite('stdout', said), replaceWrite('stderr', said)]
  process.removeAllListeners('warning').on('warning', ({ message }) => {
    process.stderr.write(`warning: ${message}\n`)
  })
  process.chdir(cwd)
  Object.assign(process.env, environment)
  let code: number
  try {
    await (await program(args)).parseAsync(args, { from: 'user' })
    code = Number(process.exitCode ?? 0)
  } catch (error) {
    code = exitCodeOf(error)
  } finally {
    // Warnings come a moment later than what they are about.
    await setImmediate()
    process.exitCode = undefined
    process.chdir(before.cwd)
    for (const name of Object.keys(process.env)) if (!(name in before.env)) delete process.env[name]
    Object.assign(process.env, before.env)
    for (const [i, signal] of signals.entries()) {
      process.removeAllListeners(signal)
      for (const listener of before.listeners[i]!) process.on(signal, listener as () => void)
    }
    for (const each of undo) each()
  }
  return { code, signal: null, ...said }
}

/** The built program for these arguments, not parsed yet. */
export async function program(args: readonly string[]): Promise<Command> {
  const { program }: Program = await built('program')
  return program(args)
}

type Program = typeof import('../../src/cli/program.js')
type Fail = typeof import('../../src/cli/fail.js')

/** A module of the built program. Its sources would lack the worker that computes, and each test file transform them. */
const built = (name: string) => import(/* @vite-ignore */ join(root, `dist/cli/${name}.js`))

const signals = ['warning', 'SIGINT', 'SIGTERM'] as const
const listenersOf = (name: (typeof signals)[number]) => process.listeners(name as 'SIGINT')

/** Collects what is written to a stream, which is no terminal then; returns how to end that. */
function replaceWrite(name: 'stdout' | 'stderr', said: Record<typeof name, string>): () => void {
  const stream = process[name]
  const before = { write: stream.write, isTTY: stream.isTTY }
  stream.isTTY = false
  stream.write = ((text: string | Uint8Array, ...rest: unknown[]) => {
    said[name] += typeof text === 'string' ? text : Buffer.from(text).toString()
    const done = rest.find((each) => typeof each === 'function') as (() => void) | undefined
    done?.()
    return true
  }) as typeof stream.write
  return () => Object.assign(stream, before)
}

let checked = false

/** Throws where `dist` is missing or older than a source: the tests would judge another program. */
function checkBuilt(): void {
  if (checked) return
  const built = statSync(main, { throwIfNoEntry: false })?.mtimeMs ?? 0
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
