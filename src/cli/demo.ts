import { relative } from 'node:path'
import { Command } from 'commander'
import type { DeviceChoice, Precision } from '../core/runtime/device.js'
import { drawsOf } from '../lab/plans/draws.js'
import { embeddedSettings } from '../lab/plans/embedded.js'
import { type Entry, methodEntries } from '../lab/plans/entries.js'
import type { ComparedRow } from '../lab/results/compared-rows.js'
import {
  accuraciesText,
  differencesJson,
  differencesText,
  overOf,
} from '../lab/results/formats/comparison.js'
import { pairedNote } from '../lab/results/layout.js'
import { writeFileAtomic } from '../node/files/atomic.js'
import { addedClasses, addedText } from './added-classes.js'
import { compare, throwFailure, writeReport } from './comparison.js'
import { openData } from './data.js'
import { deviceOption, precisionOption, threadCount, wholeNumber } from './options.js'

interface DemoFlags {
  readonly draws: number
  readonly seeds: number
  readonly out: string
  readonly json?: string
  readonly jobs: number
  readonly threads: number
  readonly device?: DeviceChoice
  readonly precision?: Precision
}

/** What the demo shows. */
const SET = 'emoji-food'

const examples = `
Examples:
  $ promptsrc demo
  $ promptsrc demo --draws 2 --json figures.json`

/** `promptsrc demo`: the method on the embedded model and data, offline. */
export function demoCommand(): Command {
  return new Command('demo')
    .option('--draws <n>', 'draws of classes, drawings and scenes', wholeNumber(1), 5)
    .option('--seeds <n>', 'runs of each method on each draw', wholeNumber(1), 1)
    .option('--out <folder>', 'folder of the runs and the report', 'runs/demo')
    .option('--json <file>', 'also write the figures as JSON')
    .option('--jobs <n>', 'runs at once', threadCount, 2)
    .option('--threads <n>', 'threads of each run', threadCount, 1)
    .addOption(deviceOption())
    .addOption(precisionOption())
    .addHelpText('after', examples)
    .action(demo)
}

async function demo({ draws, seeds: count, out, json, jobs, ...runtime }: DemoFlags): Promise<void> {
  const start = performance.now()
  const seeds = Array.from({ length: count }, (_, i) => i + 1)
  const opened = await Promise.all(
    drawsOf(SET, draws).map(async (path) => ({ dataset: await openData(path), reference: { path } })),
  )
  const data = opened.map(({ dataset }) => dataset)
  const classes = data[0]!.classNames.length / 2
  process.stdout.write(
    `Training prompts for ${classes} base classes of ${SET}, 16 pictures each; ${classes} novel classes are only named. ${draws === 1 ? '1 draw' : `${draws} draws`} of classes, drawings and scenes.\n`,
  )
  const { units, rows, model } = await compare(
    { entries: entries(), seeds, data: opened, out },
    { model: 'emoji', jobs, accuraciesAlone: true, ...runtime },
  )
  throwFailure(units)
  const run = rows.find(({ entry }) => entry.label === 'promptsrc')!.units[0]!
  const added = await addedClasses(run.folder, data[0]!, runtime)
  const seconds = (performance.now() - start) / 1000
  if (json) {
    const figures = {
      methods: figuresOf(rows),
      differences: differencesJson(rows),
      draws: data.map(({ name }) => name),
      seeds,
      seconds,
    }
    await writeFileAtomic(json, `${JSON.stringify(figures, null, 2)}\n`)
  }
  const report = await writeReport(out, {
    rows,
    model,
    seeds,
    data,
    title: 'Prompt learning on real things',
    subtitle: `The embedded small CLIP, trained on 16 pictures of each of ${classes} base classes of ${SET}; ${classes} novel classes were never trained. ${draws} draws of classes, drawings and scenes.`,
    detailed: 'promptsrc',
    added: {
      caption: `Pictures of classes that were never trained, of ${data[0]!.name}: each is added by its name to the ${classes} trained classes, as predict --add-class does.`,
      items: added,
    },
  })
  const over = overOf(rows)
  process.stdout.write(`\n${accuraciesText(rows)}\n\n`)
  process.stdout.write(`accuracy in percent, mean ± standard deviation over ${over}; `)
  process.stdout.write(`HM: harmonic mean; ${seconds.toFixed(0)} s\n\n`)
  const differences = differencesText(rows)
  if (differences) process.stdout.write(`${differences}\n\n${pairedNote(over)}\n\n`)
  process.stdout.write(`${await addedText(out, run.folder, added[0]!)}\n\n`)
  process.stdout.write(`${relative('.', report)}\n`)
}

/** Zero-shot CLIP, prompts without regulation, and PromptSRC. */
const entries = (): Entry[] =>
  methodEntries(['zero-shot', 'ivlp', 'promptsrc'], (method) => embeddedSettings(method, 'emoji')).map(
    (entry) => (entry.method === 'ivlp' ? { ...entry, title: 'IVLP (cross-entropy only)' } : entry),
  )

/** Accuracies in percent by method: means over draws or seeds, and their standard deviations (0 for one run). */
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
