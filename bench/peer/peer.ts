import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { methodNamed } from '../../src/core/methods/registry.js'
import { median, writeFigures } from '../figures.js'
import { machine, machineLine } from '../machine.js'
import { benchOptions } from '../options.js'

// A training step here and in plain PyTorch (step.py: the same mathematics, held against reference data before anything is
// timed), in turn, each in a process of its own: as the original computes texts, of 77 tokens, and truncated, so that engine
// and algorithm are seen apart. Needs a Python with torch (Debian: apt-get install python3-torch libopenblas0).
// Usage: npm run bench:peer -- [--methods promptsrc] [--classes 10,50] [--rounds 3] [--backbone ViT-B/16] [--batch N]
// [--threads 2] [--python /usr/bin/python3] [--json FILE]
// --methods: of promptsrc, coop, cocoop, maple, ivlp, with their published options.
// --batch: for all methods. Default: each one's published batch (coop 32, cocoop 1, the others 4).
// --backbone: ViT-B/16, ViT-B/32 or ViT-L/14. --rounds: steps of each that count, after one that does not.

const {
  methods,
  classes: counts,
  rounds,
  backbone,
  batch: given,
  threads,
  python,
  json,
} = benchOptions({
  methods: 'promptsrc',
  classes: '10,50',
  rounds: 3,
  backbone: 'ViT-B/16',
  batch: Number,
  threads: 2,
  python: '/usr/bin/python3',
})
const besideThis = (name: string) => fileURLToPath(new URL(name, import.meta.url))
const torchStep = [python, '-B', besideThis('step.py')]
const ownStep = [process.execPath, '--import', import.meta.resolve('tsx'), besideThis('step.ts')]

/** What step.py says of a method that it holds against reference data. */
interface Checked {
  readonly method: string
  readonly case: string
  readonly torch: string
  readonly worst_error_in_tolerances: number
}

function check(): Checked[] {
  const golden = besideThis('../../test/golden')
  const [program, ...args] = [...torchStep, '--check', golden, '--methods', methods]
  const { status, stdout, stderr, error } = spawnSync(program!, args, { encoding: 'utf8' })
  if (status === 0) {
    return stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Checked)
  }
  if (stdout) console.error(`${stdout}Errors beyond 1: the peer computes something else than the reference.`)
  else
    console.error(`${stderr || error?.message}${status === 2 ? '' : '\n--python names a Python with torch.'}`)
  process.exit(2)
}

const checked = check()
for (const { method, torch, case: name, worst_error_in_tolerances: worst } of checked) {
  console.log(`torch ${torch}, ${method}: worst error ${worst.toFixed(2)} of the tolerance (${name})`)
}

/** Steps of one side. */
interface Side {
  step(): Promise<{ readonly seconds: number; readonly peakRssMb: number }>
  close(): Promise<void>
}

function side(command: readonly string[], options: Readonly<Record<string, string | number>>): Side {
  const args = Object.entries(options).flatMap(([name, value]) => [`--${name}`, `${value}`])
  const [program, ...before] = command
  const child = spawn(program!, [...before, ...args], { stdio: ['pipe', 'pipe', 'inherit'] })
  const lines = createInterface({ input: child.stdout })
  const ended = once(child, 'exit')
  return {
    async step() {
      child.stdin.write('STEP\n')
      const line = await Promise.race([once(lines, 'line'), ended.then(() => undefined)])
      if (line === undefined) throw new Error(`${program} has ended: memory may not suffice`)
      return JSON.parse(line[0] as string) as { seconds: number; peakRssMb: number }
    },
    async close() {
      child.stdin.end('END\n')
      await ended
    },
  }
}

/** Seconds a round and peak memory of each side, which take turns. */
async function compare(method: string, classes: number, batch: number) {
  const options = { method, backbone, classes, batch, threads }
  const sides = {
    ours: side(ownStep, options),
    'torch, 77 tokens': side(torchStep, options),
    'torch, truncated': side([...torchStep, '--truncate'], options),
  }
  const measured = Object.entries(sides).map(([name, side]) => ({
    name,
    side,
    seconds: [] as number[],
    peakRssMb: 0,
  }))
  for (let round = -1; round < rounds; round++) {
    for (const one of measured) {
      const { seconds, peakRssMb } = await one.side.step()
      if (round >= 0) one.seconds.push(seconds)
      one.peakRssMb = Math.round(peakRssMb)
    }
  }
  await Promise.all(measured.map(({ side }) => side.close()))
  const own = measured[0]!.seconds
  return measured.map(({ name, seconds, peakRssMb }) => ({
    method,
    classes,
    batch,
    side: name,
    seconds: median(seconds),
    // Ratios are of steps of the same round, which a busy machine meets alike.
    ratio: median(seconds.map((s, i) => s / own[i]!)),
    peakRssMb,
    load: machine().load,
    rounds: seconds,
  }))
}

console.log(machineLine(threads))
const results: Awaited<ReturnType<typeof compare>> = []
for (const method of methods.split(',')) {
  const batch = given ?? methodNamed(method).defaults.batchSize
  for (const classes of counts.split(',').map(Number)) {
    for (const row of await compare(method, classes, batch)) {
      results.push(row)
      console.log(
        `${method.padEnd(9)}  batch ${batch}, ${classes} classes  ${row.side.padEnd(16)} ` +
          `${row.seconds.toFixed(2)} s a step, ${row.ratio.toFixed(2)} times ours, ${row.peakRssMb} MB, load ${row.load}`,
      )
    }
  }
}
writeFigures(json, { backbone, checked, results }, threads)
