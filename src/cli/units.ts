import { basename, dirname, join, resolve } from 'node:path'
import { Command } from 'commander'
import type { TaskUpdate, UnitTask } from '../engines/engine.js'
import { type EngineFlags, engineFrom, withEngineOptions } from './engine-options.js'
import { failFor } from './failed-runs.js'
import { interruptible } from './interrupt.js'
import { startLiveTable } from './live-table.js'
import { accuracies } from './unit-text.js'

const examples = `
Examples:
  $ promptsrc units runs/bench/runs/* --jobs 4
      goes on with what is not finished, four at once
  $ promptsrc units runs/bench/runs/* --engine slurm --partition cpu --cpus 8 --memory 4G --time 2:00:00
      the same by a job array, followed here; Ctrl-C leaves the jobs running, and the same call follows again

A run that measures what another one has learned begins when that one is done. What failed is listed, and tried again
by the next call. See docs/engines.md.`

/** `promptsrc units`: does many units by an engine. Comparisons and benchmarks make their folders. */
export function unitsCommand(): Command {
  const command = new Command('units')
    .description('do many runs of a comparison or benchmark, several at once or on a Slurm cluster')
    .argument(
      '<folders...>',
      'folders with a unit.json, as `promptsrc compare` and `promptsrc bench` make them',
    )
    .option('--out <folder>', 'folder of Slurm’s scripts and logs (default: two folders above the first run)')
  return withEngineOptions(command).addHelpText('after', examples).action(units)
}

async function units(folders: readonly string[], flags: EngineFlags & { out?: string }): Promise<void> {
  const engine = await engineFrom(flags, flags.out ?? dirname(dirname(resolve(folders[0]!))))
  const tasks = await Promise.all(folders.map(taskOf))
  const signal = interruptible(() => {
    table.stop()
    return engine.interruption()
  })
  const table = startLiveTable(tasks, { outcome: ({ result }) => accuracies(result) })
  const last = new Map<string, TaskUpdate>()
  await engine
    .run(tasks, {
      signal,
      ...(flags.threads === undefined ? {} : { threads: flags.threads }),
      onMessage: table.say,
      onUpdate(update) {
        last.set(update.task.folder, update)
        table.update(update)
      },
    })
    .finally(() => table.stop())
  const ended = [...last.values()]
  const count = (state: TaskUpdate['state']) => ended.filter((update) => update.state === state).length
  process.stdout.write(`${count('done')} of ${last.size} runs are done\n`)
  if (flags.submitOnly) return
  const { failureLine } = await import('../units/unit-files.js')
  failFor(
    ended.flatMap(({ task, failure }) => (failure ? [failureLine(task.folder, failure)] : [])),
    last.size,
  )
}

async function taskOf(folder: string): Promise<UnitTask> {
  const [{ readUnit }, { trainedFolder }] = await Promise.all([
    import('../units/unit-files.js'),
    import('../units/unit.js'),
  ])
  const trained = trainedFolder(folder, await readUnit(folder))
  return { folder: join(folder), name: basename(resolve(folder)), after: trained ? [trained] : [] }
}
