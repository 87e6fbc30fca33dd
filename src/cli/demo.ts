import { relative } from 'node:path'
import { Command } from 'commander'
import { formatTable } from '../lab/results/formats/text-table.js'
import { writeFileAtomic } from '../node/files/atomic.js'
import { commonOptions, compareWithProgress, throwFailure, writeReport } from './comparison.js'
import { wholeNumber } from './options.js'

interface DemoFlags {
  readonly seeds: number
  readonly out: string
  readonly json?: string
  readonly threads?: number
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
    .addHelpText('after', examples)
    .action(demo)
}

async function demo({ seeds: count, out, json, threads }: DemoFlags): Promise<void> {
  const start = performance.now()
  const [{ demoEntries, demoFigures }, { toyDataset }, { figureTable }] = await Promise.all([
    import('../lab/plans/demo.js'),
    import('../core/world/datasets.js'),
    import('../lab/plans/tables.js'),
  ])
  process.stdout.write(
    'Training prompts for 12 base classes of the toy world, 16 pictures each; 12 novel classes are only named.\n',
  )
  const seeds = Array.from({ length: count }, (_, i) => i + 1)
  const data = toyDataset('toy')
  const options = {
    ...(await commonOptions({ model: 'tiny', ...(threads ? { threads } : {}) }, out)),
    entries: demoEntries(),
    seeds,
    data,
    dataPath: 'toy',
  }
  const comparison = await compareWithProgress(options)
  await throwFailure(comparison)
  const seconds = (performance.now() - start) / 1000
  if (json) {
    const figures = { methods: demoFigures(comparison), seeds, seconds }
    await writeFileAtomic(json, `${JSON.stringify(figures, null, 2)}\n`)
  }
  const report = await writeReport(comparison, out, {
    ...options,
    title: 'Prompt learning on the toy world',
    subtitle: `The embedded tiny CLIP, trained on 16 pictures of each of 12 base classes; 12 novel classes were never trained. Seeds ${seeds.join(', ')}.`,
    detailed: 'promptsrc',
  })
  const { head, rows } = figureTable(comparison)
  process.stdout.write(
    `\n${formatTable(
      head.slice(0, 4),
      rows.map((row) => row.slice(0, 4)),
    )}\n\n`,
  )
  process.stdout.write(`accuracy in percent, mean ± standard deviation over seeds ${seeds.join(', ')}; `)
  process.stdout.write(`HM: harmonic mean; ${seconds.toFixed(0)} s\n`)
  process.stdout.write(`${relative('.', report)}\n`)
}
