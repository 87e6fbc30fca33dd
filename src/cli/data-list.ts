import { stat } from 'node:fs/promises'
import { Command } from 'commander'
import { UserError } from '../core/errors.js'
import { drawnSummaries } from '../core/world/worlds.js'
import { formatTable } from '../lab/results/formats/text-table.js'
import { inspectFiles } from '../node/datasets/inspect.js'
import { datasets } from '../node/datasets/registry.js'
import { drawnDataset } from '../node/world/drawn-sets.js'

const examples = `
Examples:
  $ promptsrc data list
  $ promptsrc data list --root ~/data
      which of them are there
  $ promptsrc data list --json`

/** What a published or drawn data set is. */
interface Listed {
  readonly name: string
  readonly title: string
  readonly classes: number
  readonly train: number
  readonly val: number
  readonly test: number
  /** Below the root; null for drawn sets. */
  readonly folder: string | null
  readonly home?: string
  readonly there?: There
}

type There = 'yes' | 'incomplete' | 'no'

/** `promptsrc data list`: the published data sets and the drawn ones. */
export function dataListCommand(): Command {
  return new Command('list')
    .description('list the published data sets that can be read, and the drawn ones')
    .option('--root <folder>', 'folder of published data sets: say which are there')
    .option('--json', 'print as JSON')
    .addHelpText('after', examples)
    .action(list)
}

async function list({ root, json }: { root?: string; json?: boolean }): Promise<void> {
  if (root !== undefined && !(await isFolder(root))) {
    throw new UserError(`--root ${root}: no such folder`, {
      hint: 'Name the folder above those of the data sets.',
    })
  }
  const rows = [...(await published(root)), ...drawn()]
  if (json) {
    process.stdout.write(`${JSON.stringify(rows)}\n`)
    return
  }
  const number = (count: number) => (count === 0 ? '-' : String(count))
  const head = ['name', 'classes', 'train', 'val', 'test', ...(root === undefined ? [] : ['there'])]
  const cells = rows.map(({ name, classes, train, val, test, folder, there }) => [
    name,
    ...[classes, train, val, test].map(number),
    ...(root === undefined ? [] : [there ?? 'drawn']),
    `  ${folder === null ? '(drawn, no files)' : `${folder}/`}`,
  ])
  const widest = Math.max(...cells.map((row) => row.at(-1)!.length))
  const padded = cells.map((row) => [...row.slice(0, -1), row.at(-1)!.padEnd(widest)])
  process.stdout.write(`${formatTable([...head, '  folder'.padEnd(widest)], padded)}\n`)
}

async function published(root: string | undefined): Promise<Listed[]> {
  return Promise.all(
    datasets.map(async (source) => {
      const { name, title, counts, folder, home } = source
      const facts = { name, title, ...counts, folder, home }
      if (root === undefined) return facts
      const { exists, complete } = await inspectFiles(source, root)
      const there: There = complete ? 'yes' : exists ? 'incomplete' : 'no'
      return { ...facts, there }
    }),
  )
}

function drawn(): Listed[] {
  return [...drawnSummaries].map(([name, summary]) => {
    const { classNames, train, val, test } = drawnDataset(name)
    const counts = { classes: classNames.length, train: train.length, val: val.length, test: test.length }
    return { name, title: summary, ...counts, folder: null }
  })
}

const isFolder = async (path: string): Promise<boolean> =>
  (await stat(path).catch(() => undefined))?.isDirectory() ?? false
