import { spawn, spawnSync } from 'node:child_process'
import { linkSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { parseArgs } from 'node:util'

// The built `predict` on many small files, once to the end and once killed on the way and called again, which must end
// in the same file. The files are names of the embedded pictures (hard links), so that they take no space; every one is read,
// decoded and computed. Usage: npm run bench:predict [-- --files 100000 --kills 2 --threads 1]

const { values } = parseArgs({
  options: {
    files: { type: 'string', default: '100000' },
    kills: { type: 'string', default: '2' },
    threads: { type: 'string', default: '1' },
  },
})
const [files, kills] = [values.files, values.kills].map(Number) as [number, number]
const main = join(import.meta.dirname, '../dist/cli/main.js')
const folder = mkdtempSync(join(tmpdir(), 'bench-predict-'))
const environment = { ...process.env, PROMPTSRC_CACHE: 'off' }

function call(...args: string[]): void {
  const { status, stderr } = spawnSync(process.execPath, [main, ...args], { cwd: folder, env: environment })
  if (status !== 0) throw new Error(stderr.toString())
}

/** Runs predict; kills it when its kept answers reach a size. Resolves to seconds, peak memory and the exit code. */
async function predict(out: string, killAt = Number.POSITIVE_INFINITY) {
  const args = ['predict', 'run', 'many', '--out', out, '--threads', values.threads]
  const start = performance.now()
  const child = spawn(process.execPath, [main, ...args], { cwd: folder, env: environment, stdio: 'ignore' })
  const ended = new Promise<number | null>((done) => child.on('exit', done))
  let running = true
  ended.then(() => {
    running = false
  })
  let peak = 0
  while (running) {
    const line = /VmHWM:\s+(\d+)/.exec(statusOf(child.pid!))
    peak = Math.max(peak, Number(line?.[1] ?? 0) / 1024)
    if (sizeOf(join(folder, `${out}.partial`)) > killAt) child.kill('SIGKILL')
    await delay(200)
  }
  return { seconds: (performance.now() - start) / 1000, peak, code: await ended }
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
  call('toy', 'pictures', '--set', 'emoji-food')
  call(
    'train',
    'emoji-food',
    '--model',
    'emoji',
    '--epochs',
    '1',
    '--shots',
    '1',
    '--out',
    'run',
    '--threads',
    '1',
  )
  const pictures = readdirSync(join(folder, 'pictures/test'), { recursive: true, encoding: 'utf8' }).filter(
    (name) => name.endsWith('.png'),
  )
  for (let i = 0; i < files; i++) {
    const below = join(folder, 'many', `${i % 100}`)
    if (i < 100) mkdirSync(below, { recursive: true })
    linkSync(join(folder, 'pictures/test', pictures[i % pictures.length]!), join(below, `${i}.png`))
  }
  const whole = await predict('whole.jsonl')
  const size = sizeOf(join(folder, 'whole.jsonl'))
  const killed: (number | null)[] = []
  let peak = 0
  for (let i = 1; i <= kills + 1; i++) {
    const done = await predict('killed.jsonl', i > kills ? undefined : (size * i) / (kills + 1))
    killed.push(done.code)
    peak = Math.max(peak, done.peak)
  }
  const same = readFileSync(join(folder, 'whole.jsonl')).equals(readFileSync(join(folder, 'killed.jsonl')))
  console.log(
    JSON.stringify({
      files,
      code: whole.code,
      seconds: Math.round(whole.seconds),
      filesASecond: Math.round(files / whole.seconds),
      peakMB: Math.round(whole.peak),
      exitCodesWithKills: killed,
      peakMBWithKills: Math.round(peak),
      sameFile: same,
      load: loadavg()[0],
    }),
  )
} finally {
  rmSync(folder, { recursive: true, force: true })
}
