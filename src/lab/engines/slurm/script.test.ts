import { spawn, spawnSync } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { jobScript, quoted } from './script.js'

const hard = `a b'c"d$HOME\`e\`%j*;&|#\\n(é)`
let folder: string
const at = (...parts: string[]) => join(folder, ...parts)

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), `job ${hard} `))
  mkdirSync(at('bin'))
  mkdirSync(at(hard, 'checkpoints'), { recursive: true })
  writeFileSync(at('bin/scontrol'), `#!/bin/sh\necho "$@" > ${quoted(at('requeued'))}\n`)
  chmodSync(at('bin/scontrol'), 0o755)
  writeFileSync(at('list'), `\n${at(hard)}\n`)
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

/** Writes a script whose units are done by these lines of shell, and what it is started with. */
function script(unit: string) {
  writeFileSync(at('unit.sh'), unit)
  writeFileSync(
    at('job.sh'),
    jobScript({ list: at('list'), command: ['bash', at('unit.sh')], submitted: [hard] }),
  )
  const own = { SLURM_ARRAY_JOB_ID: '7', SLURM_ARRAY_TASK_ID: '2', SLURM_CPUS_PER_TASK: '3' }
  return { args: [at('job.sh')], env: { ...process.env, ...own, PATH: `${at('bin')}:${process.env.PATH}` } }
}

/** Runs a unit that waits until it is told to stop, and sends USR2 to the script; returns its exit code. */
async function nearLimit(onTerm: string): Promise<number | null> {
  const { args, env } = script(`trap '${onTerm}; exit 143' TERM\ntouch begun\nwhile :; do sleep 0.05; done\n`)
  const child = spawn('bash', args, { env, cwd: folder, stdio: 'ignore' })
  const ended = new Promise<number | null>((resolve) => child.on('exit', resolve))
  await vi.waitFor(() => expect(existsSync(at('begun'))).toBe(true), { timeout: 20_000 })
  child.kill('SIGUSR2')
  return ended
}

it('does the unit on its line, whatever is in the path, and ends as it ends', () => {
  const { args, env } = script('printf "%s\\n" "$@"\nexit 5\n')
  const { status, stdout } = spawnSync('bash', args, { env, encoding: 'utf8' })
  expect({ status, stdout }).toEqual({ status: 5, stdout: `${at(hard)}\n--threads\n3\n` })
})

it('queues its own task again before the time limit where there is a new checkpoint', async () => {
  await nearLimit(`cp list "$1"/checkpoints/epoch-001.safetensors`)
  expect(readFileSync(at('requeued'), 'utf8')).toBe('requeue 7_2\n')
})

it('fails at the time limit where no epoch came to its end', async () => {
  expect(await nearLimit(':')).toBe(143)
  expect(existsSync(at('requeued'))).toBe(false)
})
