import { basename, dirname, join, resolve } from 'node:path'
import { Command } from 'commander'
import { UserError } from '../core/errors.js'
import type { TaskUpdate, UnitTask } from '../lab/engines/engine.js'
import { findRuns } from '../lab/results/find-runs.js'
import { trainedFolder } from '../lab/units/unit.js'
import { failureLine, readUnit } from '../lab/units/unit-files.js'
import { checkEngineFlags, type EngineFlags, engineFrom, withEngineOptions } from './engine-options.js'
import { failFor, Work } from './work.js'

const examples = `
Examples:
  $ promptsrc units runs/bench --jobs 4
      goes on with what is not finished, four at once
  $ promptsrc units runs/compare-emoji-food/runs/promptsrc-*
  $ promptsrc units runs/bench --engine slurm --partition cpu --cpus 8 --memory 4G --time 2:00:00
      the same by a job array, followed here; Ctrl-C leaves the jobs running, and the same call follows again

A run that measures what another one has learned begins when that one is done. What failed is listed, and tried again
by the next call. See docs/engines.md.`

/** `promptsrc units`: does many units by an engine. Comparisons and benchmarks make their folders. */
export function unitsCommand(): Command {
  const command = new Command('units')
    .argument(
      '<folders...>',
      'folders of `promptsrc compare` and `promptsrc bench`: of single runs (with a unit.json), or above them',
    )
    .option(
      '--out <folder>',
      'folder of Slurm’s scripts and logs (default: the first folder, or where it is of a single run, two folders above)',
    )
  return withEngineOptions(command).addHelpText('after', examples).action(units)
}

async function units(folders: readonly string[], flags: EngineFlags & { out?: string }): Promise<void> {
  checkEngineFlags(flags)
  const found = await unitsIn(folders)
  const first = resolve(folders[0]!)
  const above = resolve(found[0]!) === first ? dirname(dirname(first)) : first
  const engine = await engineFrom(flags, flags.out ?? above)
  const tasks = await Promise.all(found.map(taskOf))
  const work = new Work(engine)
  const table = work.watch(tasks)
  const last = new Map<string, TaskUpdate>()
  await engine
    .run(tasks, {
      signal: work.signal,
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
  failFor(
    ended.flatMap(({ task, failure }) => (failure ? [failureLine(task.folder, failure)] : [])),
    last.size,
  )
}

/** The folders that hold a unit, and of the others those below them that do. */
async function unitsIn(folders: readonly string[]): Promise<string[]> {
  const found = await Promise.all(folders.map(async (folder) => (await findRuns([folder])).units))
  const empty = found.findIndex((units) => units.length === 0)
  if (empty === -1) return [...new Set(found.flat())]
  throw new UserError(`${folders[empty]} holds no unit.json, nor does a folder below`, {
    hint: 'Name a folder that `promptsrc compare` or `promptsrc bench` made.',
  })
}

async function taskOf(folder: string): Promise<UnitTask> {
  const trained = trainedFolder(folder, await readUnit(folder))
  return { folder: join(folder), name: basename(resolve(folder)), after: trained ? [trained] : [] }
}
