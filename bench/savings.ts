import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { encodeGraph, type HostTensor, sizeOf } from '../src/core/graph/index.js'
import { randomStream } from '../src/core/random.js'
import type { Runtime } from '../src/core/runtime/session.js'
import { FileDatum } from '../src/node/data/file-datum.js'
import { ImageFolder } from '../src/node/data/image-folder.js'
import { nodeRuntime } from '../src/node/runtime/node-runtime.js'
import { benchedClip } from './benched-clip.js'
import { drawPhoto } from './drawn-inputs.js'
import { median, table, timed, writeFigures } from './figures.js'
import { machineLine } from './machine.js'
import { benchOptions } from './options.js'
import { costOf, exactSavings, type Saving, type Side } from './saving-list.js'

// Every exact saving off and on: operations, operators and values alive at once, told from shapes, and the time of what takes
// few enough operations, off and on in turn in every round. What is off is written the long way (test/support/plain-clip.ts) or
// is the product's own other way.
// Usage: npm run bench:savings -- [--backbone ViT-B/16] [--classes 10] [--batch 4] [--rounds 3] [--most-gflop 700]
// [--threads 2] [--only WORDS] [--count-only] [--quick] [--json FILE]
// --only: savings whose titles have these words. --quick: tiny, 4 classes, one round.

const options = benchOptions({
  backbone: String,
  classes: Number,
  batch: 4,
  rounds: Number,
  mostGflop: 700,
  threads: 2,
  only: '',
  countOnly: false,
  quick: false,
})
const { quick, batch, threads, mostGflop, only, json } = options
const backbone = options.backbone ?? (quick ? 'tiny' : 'ViT-B/16')
const classes = options.classes ?? (quick ? 4 : 10)
const rounds = options.countOnly ? 0 : (options.rounds ?? (quick ? 1 : 3))

await using plain = nodeRuntime({ threads, worker: false })
await using packing = nodeRuntime({ threads, worker: false, prepack: true })

/** Random inputs of the shapes that a graph asks for. */
function feeds(inputs: Readonly<Record<string, readonly number[]>>): Record<string, HostTensor> {
  const random = randomStream(1, 'feeds')
  return Object.fromEntries(
    Object.entries(inputs).map(([name, shape]) => {
      const data = Float32Array.from({ length: sizeOf(shape) }, () => (random.uniform() - 0.5) / 10)
      return [name, { shape, data }]
    }),
  )
}

/** What is timed of a side, ready to be run again and again. */
async function opened(side: Side): Promise<{ run: () => Promise<unknown>; release: () => Promise<void> }> {
  const release = async () => {}
  if (side.kind === 'work') return { run: side.run, release }
  if (side.kind === 'runs') return { run: () => side.run(plain), release }
  const graph = await encodeGraph(side.outputs)
  const runtime: Runtime = side.kind === 'packing' && side.prepack ? packing : plain
  if (side.kind === 'packing' && side.opened) {
    return { run: async () => (await runtime.compile(graph)).release(), release }
  }
  const session = await runtime.compile(graph)
  const inputs = feeds(session.graph.inputs)
  return { run: () => session.run(inputs), release: () => session.release() }
}

async function measured({ title, of, ...sides }: Saving) {
  const [off, on] = [await sides.off(), await sides.on()]
  const counted = { off: costOf(off), on: costOf(on) }
  const seconds = { off: [] as number[], on: [] as number[] }
  if (rounds > 0 && Math.max(counted.off.gflop ?? 0, counted.on.gflop ?? 0) <= mostGflop) {
    const ready = { off: await opened(off), on: await opened(on) }
    // The first run of each is left out, where there are others.
    for (let round = quick ? 0 : -1; round < rounds; round++) {
      for (const way of ['off', 'on'] as const) {
        const { seconds: taken } = await timed(ready[way].run)
        if (round >= 0) seconds[way].push(taken)
      }
    }
    await ready.off.release()
    await ready.on.release()
  }
  return { title, of, counted, seconds }
}

const folder = mkdtempSync(join(tmpdir(), 'promptsrc-bench-savings-'))
try {
  const clip = await benchedClip({ backbone })
  const names = Array.from({ length: quick ? 4 : 40 }, (_, i) => `${i}.jpg`)
  for (const [i, name] of names.entries()) await drawPhoto({ path: join(folder, name), label: 0 }, i)
  const photos = names.map((name) => new FileDatum(new ImageFolder(folder), name, 0))
  const results: Awaited<ReturnType<typeof measured>>[] = []
  for (const saving of exactSavings({ clip, classes, batch, photos })) {
    if (!saving.title.includes(only)) continue
    results.push(await measured(saving))
    process.stderr.write(`${saving.title}\n`)
  }
  console.log(`${backbone}; ${machineLine(threads)}; medians of ${rounds} rounds\n`)
  const figure = (x: number | undefined) => (x === undefined ? '-' : x.toFixed(x < 10 ? 2 : 0))
  const pair = (off: number | undefined, on: number | undefined, unit: (x?: number) => string = figure) =>
    off === undefined || on === undefined
      ? ['-', '-']
      : [`${unit(off)} → ${unit(on)}`, `${(off / on).toFixed(2)}`]
  const rows = results.map(({ title, of, counted: { off, on }, seconds }) => {
    const [offSeconds, onSeconds] = [seconds.off, seconds.on].map((all) =>
      all.length > 0 ? median(all) : undefined,
    )
    return [
      title,
      of,
      ...pair(off.gflop, on.gflop),
      pair(off.operators, on.operators, (n) => `${n}`)[0]!,
      pair(off.valuesMb, on.valuesMb)[0]!,
      ...pair(offSeconds, onSeconds, (s) => s!.toFixed(3)),
    ]
  })
  const head = ['off → on', 'of', 'GFLOP', 'times', 'operators', 'values alive, MB', 's', 'times']
  console.log(table(head, rows))
  writeFigures(json, { backbone, classes, batch, rounds, results }, threads)
} finally {
  rmSync(folder, { recursive: true, force: true })
}
