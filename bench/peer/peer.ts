import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { medianOf } from '../../src/core/evaluate/statistics.js'
import type { Tokenizer } from '../../src/core/tokenizer/tokenizer.js'
import { repeatedStep } from '../../src/core/train/time-steps.js'
import { backbones, randomClip, wordTokenizer } from '../../src/core/weights/random-clip.js'
import { peakMemoryMB } from '../../src/node/runs/peak-memory.js'
import { nodeRuntime } from '../../src/node/runtime/node-runtime.js'
import { machine, machineLine } from '../machine.js'

// A step of PromptSRC here and in plain PyTorch (step.py: the same mathematics, held against reference data before anything
// is timed), in turn, each in a process of its own: as the original computes texts, of 77 tokens, and truncated, so that engine
// and algorithm are seen apart. Needs a Python with torch (Debian: apt-get install python3-torch).
// Usage: npm run bench:peer -- [--classes 10,50] [--rounds 3] [--backbone ViT-B/16] [--batch 4] [--threads 2]
// [--python /usr/bin/python3] [--json FILE]

const { values } = parseArgs({
  options: {
    classes: { type: 'string', default: '10,50' },
    rounds: { type: 'string', default: '3' },
    backbone: { type: 'string', default: 'ViT-B/16' },
    batch: { type: 'string', default: '4' },
    threads: { type: 'string', default: '2' },
    python: { type: 'string', default: '/usr/bin/python3' },
    json: { type: 'string' },
  },
})
const { backbone, python } = values
const [rounds, batch, threads] = [values.rounds, values.batch, values.threads].map(Number) as [
  number,
  number,
  number,
]
const script = fileURLToPath(new URL('./step.py', import.meta.url))
const golden = fileURLToPath(new URL('../../test/golden', import.meta.url))

const checked = spawnSync(python, [script, '--check', golden], { encoding: 'utf8' })
if (checked.status !== 0) {
  console.error(
    `${checked.stderr || checked.stdout}\n${python} has no torch, or the peer computes something else`,
  )
  process.exit(2)
}
const check = JSON.parse(checked.stdout) as { torch: string; worst_error_in_tolerances: number }
console.log(
  `torch ${check.torch}; worst error against the reference: ${check.worst_error_in_tolerances.toFixed(2)} of its tolerance`,
)

/** Steps of one side. */
interface Side {
  step(): Promise<{ readonly seconds: number; readonly peakRssMb: number }>
  close(): Promise<void>
}

function torchSide(classes: number, truncate: boolean): Side {
  const args = [
    '--backbone',
    backbone,
    '--classes',
    `${classes}`,
    '--batch',
    `${batch}`,
    '--threads',
    `${threads}`,
  ]
  const child: ChildProcess = spawn(python, [script, ...args, ...(truncate ? ['--truncate'] : [])], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const lines = createInterface({ input: child.stdout! })
  const ended = once(child, 'exit')
  return {
    async step() {
      child.stdin!.write('STEP\n')
      const line = await Promise.race([once(lines, 'line'), ended.then(() => undefined)])
      if (line === undefined) throw new Error('the peer has ended: memory may not suffice')
      return JSON.parse(line[0] as string) as { seconds: number; peakRssMb: number }
    },
    async close() {
      child.stdin!.end('END\n')
      await ended
    },
  }
}

async function ownSide(classes: number): Promise<Side> {
  if (!Object.hasOwn(backbones, backbone)) throw new Error(`no backbone ${backbone}`)
  const clip = randomClip(backbones[backbone as keyof typeof backbones], wordTokenizer as Tokenizer)
  const runtime = nodeRuntime({ threads, worker: false })
  const repeated = await repeatedStep({ clip, runtime, method: 'promptsrc', classes, batch })
  return {
    step: async () => ({ ...(await repeated.step()), peakRssMb: peakMemoryMB() }),
    async close() {
      await repeated[Symbol.asyncDispose]()
      await runtime.close()
    },
  }
}

console.log(machineLine(threads))
const results: Record<string, unknown>[] = []
for (const classes of values.classes.split(',').map(Number)) {
  const sides = {
    ours: await ownSide(classes),
    'torch, 77 tokens': torchSide(classes, false),
    'torch, truncated': torchSide(classes, true),
  }
  const names = Object.keys(sides) as (keyof typeof sides)[]
  const seconds = Object.fromEntries(names.map((name) => [name, [] as number[]]))
  const memory: Record<string, number> = {}
  for (let round = -1; round < rounds; round++) {
    for (const name of names) {
      const one = await sides[name].step()
      if (round >= 0) seconds[name]!.push(one.seconds)
      memory[name] = one.peakRssMb
    }
  }
  await Promise.all(names.map((name) => sides[name].close()))
  const own = seconds.ours!
  for (const name of names) {
    // Ratios are of steps of the same round, which a busy machine meets alike.
    const ratio = medianOf(seconds[name]!.map((s, i) => s / own[i]!))!
    const row = {
      classes,
      side: name,
      seconds: medianOf(seconds[name]!)!,
      ratio,
      peakRssMb: Math.round(memory[name]!),
    }
    results.push({ ...row, rounds: seconds[name] })
    console.log(
      `${classes} classes  ${name.padEnd(18)} ${row.seconds.toFixed(2)} s a step, ${ratio.toFixed(2)} times ours, ${row.peakRssMb} MB`,
    )
  }
}
if (values.json) {
  await writeFile(
    values.json,
    `${JSON.stringify({ machine: machine(threads), backbone, batch, torch: check, results }, null, 2)}\n`,
  )
}
