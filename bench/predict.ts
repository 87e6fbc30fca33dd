import { spawn } from 'node:child_process'
import { linkSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { cli, emojiRun } from './emoji-run.js'
import { writeFigures } from './figures.js'
import { machineLine } from './machine.js'
import { benchOptions } from './options.js'

// The built `predict` on many small files, once to the end and once killed on the way and called again, which must end
// in the same file. The files are names of the embedded pictures (hard links), so that they take no space; every one is read,
// decoded and computed.
// Usage: npm run bench:predict -- [--files 100000] [--kills 2] [--threads 1] [--json FILE]

const { files, kills, threads, json } = benchOptions({ files: 100_000, kills: 2, threads: 1 })
const folder = mkdtempSync(join(tmpdir(), 'bench-predict-'))

/** A process of predict; `code` is null where it was killed. */
interface Predicted {
  readonly seconds: number
  readonly peakMb: number
  readonly code: number | null
}

/** Runs predict, and kills it when its kept answers reach a size. */
async function predict(out: string, killAt = Number.POSITIVE_INFINITY): Promise<Predicted> {
  const args = ['predict', 'run', 'many', '--out', out, '--threads', `${threads}`]
  const env = { ...process.env, PROMPTSRC_CACHE: 'off' }
  const start = performance.now()
  const child = spawn(process.execPath, [cli, ...args], { cwd: folder, env, stdio: 'ignore' })
  const ended = new Promise<number | null>((done) => child.on('exit', done))
  let running = true
  ended.then(() => {
    running = false
  })
  let peakMb = 0
  while (running) {
    const line = /VmHWM:\s+(\d+)/.exec(statusOf(child.pid!))
    peakMb = Math.max(peakMb, Number(line?.[1] ?? 0) / 1024)
    if (sizeOf(join(folder, `${out}.partial`)) > killAt) child.kill('SIGKILL')
    await delay(200)
  }
  return { seconds: (performance.now() - start) / 1000, peakMb, code: await ended }
}

function statusOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/status`, 'utf8')
  } catch {
    return ''
  }
}

const sizeOf = (path: string): number => statSync(path, { throwIfNoEntry: false })?.size ?? 0

try {
  const pictures = emojiRun(folder)
  for (let i = 0; i < files; i++) {
    const below = join(folder, 'many', `${i % 100}`)
    if (i < 100) mkdirSync(below, { recursive: true })
    linkSync(pictures[i % pictures.length]!, join(below, `${i}.png`))
  }
  const whole = await predict('whole.jsonl')
  const size = sizeOf(join(folder, 'whole.jsonl'))
  const killed: Predicted[] = []
  for (let i = 1; i <= kills + 1; i++) {
    killed.push(await predict('killed.jsonl', i > kills ? undefined : (size * i) / (kills + 1)))
  }
  const sameFile = readFileSync(join(folder, 'whole.jsonl')).equals(
    readFileSync(join(folder, 'killed.jsonl')),
  )
  const endings = killed.map(({ code }) => code ?? 'killed').join(', ')
  console.log(machineLine(threads))
  console.log(
    `${files} files in ${whole.seconds.toFixed(0)} s, ${(files / whole.seconds).toFixed(0)} a second, exit code ${whole.code}, peak ${whole.peakMb.toFixed(0)} MB`,
  )
  console.log(
    `with ${kills} kills: exit codes ${endings}, peak ${Math.max(...killed.map(({ peakMb }) => peakMb)).toFixed(0)} MB, ${sameFile ? 'the same file' : 'ANOTHER FILE'}`,
  )
  writeFigures(json, { files, kills, whole, killed, sameFile }, threads)
  if (!sameFile) process.exitCode = 1
} finally {
  rmSync(folder, { recursive: true, force: true })
}
