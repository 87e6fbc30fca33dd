import { relative } from 'node:path'
import { Command } from 'commander'
import { type DemoResult, demoMethods, runDemo } from '../demo/demo.js'
import { demoTitles, writeDemoReport } from '../demo/demo-report.js'
import { writeFileAtomic } from '../files/atomic.js'
import { loadModel } from '../model.js'
import { interruptible } from './interrupt.js'
import { wholeNumber } from './options.js'
import { startProgress } from './progress.js'
import { formatTable } from './table.js'

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
    .description('adapt the embedded tiny CLIP to drawn pictures and compare methods, offline, in minutes')
    .option('--seeds <n>', 'runs of each method', wholeNumber(1), 3)
    .option('--out <folder>', 'folder of the report', 'runs/demo')
    .option('--json <file>', 'also write the figures as JSON')
    .option('--threads <n>', 'threads of ONNX Runtime (default: one a core)', wholeNumber(1))
    .addHelpText('after', examples)
    .action(demo)
}

async function demo(flags: DemoFlags): Promise<void> {
  const signal = interruptible('Interrupted.')
  const model = await loadModel('tiny', flags.threads ? { threads: flags.threads } : {})
  try {
    process.stdout.write(
      'Training prompts for 12 base classes of the toy world, 16 pictures each; 12 novel classes are only named.\n',
    )
    let bar: ReturnType<typeof startProgress> | undefined
    const seeds = Array.from({ length: flags.seeds }, (_, i) => i + 1)
    const result = await runDemo(
      model,
      seeds,
      (done, total, note) => {
        bar ??= startProgress('training', total)
        bar.update(done, note)
      },
      signal,
    ).finally(() => bar?.stop())
    if (flags.json) {
      const { methods, seconds } = result
      await writeFileAtomic(flags.json, `${JSON.stringify({ methods, seeds, seconds }, null, 2)}\n`)
    }
    const report = await writeDemoReport(flags.out, result, model)
    process.stdout.write(`\n${table(result)}\n\n`)
    process.stdout.write(`accuracy in percent, mean ± standard deviation over seeds ${seeds.join(', ')}; `)
    process.stdout.write(`HM: harmonic mean; ${result.seconds.toFixed(0)} s\n`)
    process.stdout.write(`${relative('.', report)}\n`)
  } finally {
    await model.close()
  }
}

function table({ methods }: DemoResult): string {
  const cell = (value: number, std: number) => `${value.toFixed(1)} ± ${std.toFixed(1)}`
  const rows = demoMethods.map((method) => {
    const { base, novel, hm, std } = methods[method]
    return [demoTitles[method], cell(base, std.base), cell(novel, std.novel), cell(hm, std.hm)]
  })
  return formatTable(['method', 'base', 'novel', 'HM'], rows)
}
