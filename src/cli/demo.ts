import { relative } from 'node:path'
import { Command } from 'commander'
import type { DeviceChoice } from '../core/runtime/device.js'
import { toyDataset } from '../core/world/datasets.js'
import { embeddedSettings } from '../lab/plans/embedded.js'
import { type Entry, methodEntries } from '../lab/plans/entries.js'
import type { ComparedRow } from '../lab/results/compared-rows.js'
import { accuraciesText, differencesText } from '../lab/results/formats/comparison.js'
import { writeFileAtomic } from '../node/files/atomic.js'
import { compare, throwFailure, writeReport } from './comparison.js'
import { deviceOption, wholeNumber } from './options.js'

interface DemoFlags {
  readonly seeds: number
  readonly out: string
  readonly json?: string
  readonly threads?: number
  readonly device?: DeviceChoice
}

const examples = `
Examples:
  $ promptsrc demo
  $ promptsrc demo --seeds 1 --json figures.json`

/** `promptsrc demo`: the method on the embedded model and data, offline. */
export function demoCommand(): Command {
  return new Command('demo')
    .option('--seeds <n>', 'runs of each method', wholeNumber(1), 3)
    .option('--out <folder>', 'folder of the runs and the report', 'runs/demo')
    .option('--json <file>', 'also write the figures as JSON')
    .option('--threads <n>', 'threads of ONNX Runtime (default: one a core)', wholeNumber(1))
    .addOption(deviceOption())
    .addHelpText('after', examples)
    .action(demo)
}

async function demo({ seeds: count, out, json, ...runtime }: DemoFlags): Promise<void> {
  const start = performance.now()
  process.stdout.write(
    'Training prompts for 12 base classes of the toy world, 16 pictures each; 12 novel classes are only named.\n',
  )
  const seeds = Array.from({ length: count }, (_, i) => i + 1)
  const data = toyDataset('toy')
  const { units, rows, model } = await compare(
    { entries: entries(), seeds, data: [{ dataset: data, reference: { path: data.name } }], out },
    { model: 'tiny', ...runtime },
  )
  throwFailure(units)
  const seconds = (performance.now() - start) / 1000
  if (json) {
    const figures = { methods: figuresOf(rows), seeds, seconds }
    await writeFileAtomic(json, `${JSON.stringify(figures, null, 2)}\n`)
  }
  const report = await writeReport(out, {
    rows,
    model,
    seeds,
    data: [data],
    title: 'Prompt learning on the toy world',
    subtitle: `The embedded tiny CLIP, trained on 16 pictures of each of 12 base classes; 12 novel classes were never trained. Seeds ${seeds.join(', ')}.`,
    detailed: 'promptsrc',
  })
  process.stdout.write(`\n${accuraciesText(rows)}\n\n`)
  process.stdout.write(`accuracy in percent, mean ± standard deviation over seeds ${seeds.join(', ')}; `)
  process.stdout.write(`HM: harmonic mean; ${seconds.toFixed(0)} s\n`)
  const differences = differencesText(rows)
  if (differences) process.stdout.write(`\n${differences}\n\n`)
  process.stdout.write(`${relative('.', report)}\n`)
}

/** Zero-shot CLIP, prompts without regulation, and PromptSRC. */
const entries = (): Entry[] =>
  methodEntries(['zero-shot', 'ivlp', 'promptsrc'], (method) => embeddedSettings(method, 'toy')).map(
    (entry) => (entry.method === 'ivlp' ? { ...entry, title: 'IVLP (cross-entropy only)' } : entry),
  )

/** Accuracies in percent by method: means over seeds, and their standard deviations (0 for one run). */
const figuresOf = (rows: readonly ComparedRow[]) =>
  Object.fromEntries(
    rows.map(({ entry, base, novel, hm }) => [
      entry.label,
      {
        base: base.mean,
        novel: novel!.mean,
        hm: hm!.mean,
        std: { base: base.std ?? 0, novel: novel!.std ?? 0, hm: hm!.std ?? 0 },
      },
    ]),
  )
