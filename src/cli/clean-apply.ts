import { createHash } from 'node:crypto'
import { realpath } from 'node:fs/promises'
import { basename, dirname, extname, join, resolve } from 'node:path'
import { counted } from '../core/counted.js'
import type { Dataset, Datum, Part } from '../core/data/dataset.js'
import { ConfigError } from '../core/errors.js'
import { formatTable } from '../lab/results/formats/text-table.js'
import { type CleanPlan, type CleanStep, planClean } from '../node/clean/plan-clean.js'
import type { FolderDataset } from '../node/data/folder.js'
import { isListName, type ListedRow, listEndings, readListedRows } from '../node/data/listed-rows.js'
import { compareCodePoints } from '../node/data/listing.js'
import { writeFileAtomic } from '../node/files/atomic.js'
import { isInside } from '../node/files/paths.js'
import { realTarget, unfinishedSort } from '../node/sort/begin-sort.js'
import { type CleanFlags, type DataPlace, nameIn, placeOf } from './clean.js'
import { type AgreedAction, readActions, unguarded } from './clean-list.js'
import { openData } from './data.js'
import { interruptible } from './interrupt.js'
import { agreeAndDo, type Task } from './sort-do.js'
import { listed } from './sort-text.js'

/** An agreed action with the picture that it is for. */
interface Agreed extends AgreedAction {
  readonly part: Part
  readonly name: string
  readonly datum: Datum
}

/** `promptsrc clean DATA --apply LIST`. */
export async function applyList(data: string, list: string, flags: CleanFlags): Promise<void> {
  let doing = false
  let into = ''
  const signal = interruptible(() =>
    doing
      ? `Interrupted. The same call goes on; \`promptsrc clean --undo ${into}\` takes it back.`
      : 'Interrupted. Nothing was moved.',
  )
  const dataset = await openData(data, { ...flags, signal })
  const place = await placeOf(data, dataset, flags)
  if (place.kind === 'other') {
    throw new ConfigError(`${data}: --apply changes folders and lists of your own`, {
      hint: 'Published and drawn data sets stay as they are; leave --apply out.',
    })
  }
  const actions = await readActions(list, dataset.classNames)
  if (place.kind === 'list') {
    await writeBetterList(data, dataset, place, { actions, flags })
    return
  }
  const folder = await realpath(data)
  into = await realTarget(flags.into ?? join(dirname(resolve(data)), `${basename(resolve(data))}-removed`))
  if (isInside(into, folder) || isInside(folder, into)) {
    throw new ConfigError(`--into ${into} lies in the data, or the data in it`, {
      hint: 'Name a folder beside the data: it would be read as a class within.',
    })
  }
  const agreement = createHash('sha256').update(JSON.stringify(actions)).digest('hex').slice(0, 16)
  const task: Task = {
    into,
    call: { folder, how: 'move', call: { clean: agreement } },
    flags,
    signal,
    begin: () => {
      doing = true
    },
  }
  const unfinished = await unfinishedSort(into, task.call)
  if (unfinished) {
    const { entries, last } = unfinished
    await unfinished.close()
    const left = entries.length - Math.max(0, last)
    const text = `an interrupted cleaning of ${folder}: ${left} of ${entries.length} files are left\n`
    await agreeAndDo(task, unfinished, { facts: { folder, into, continued: true, left }, text, files: left })
    return
  }
  const { agreed, gone } = matched(dataset, place, actions)
  const plan = await planClean(folder, into, stepsOf(dataset as FolderDataset, agreed))
  const left = [...plan.left, ...gone.map((path) => ({ path, reason: 'it is not in the data' }))]
  const text = planText(data, into, { dataset, agreed, plan: { ...plan, left } })
  const facts = {
    folder,
    into,
    moves: plan.transfers.map(({ path, to, within }) => ({ path, to, within: within ?? 'into' })),
    left,
  }
  await agreeAndDo(task, plan.transfers, { facts, text, files: plan.transfers.length })
}

/** Pictures by what the list calls them: a spreadsheet's guard before a name that looks like a formula is not part of it. */
function matched(dataset: Dataset, place: DataPlace, actions: readonly AgreedAction[]) {
  const byName = new Map<string, { datum: Datum; part: Part }[]>()
  for (const part of ['train', 'val', 'test'] as const) {
    for (const datum of dataset[part]) {
      const name = nameIn(place, datum.source)
      byName.set(name, [...(byName.get(name) ?? []), { datum, part }])
    }
  }
  const agreed: Agreed[] = []
  const gone: string[] = []
  const seen = new Set<Datum>()
  for (const each of actions) {
    if (each.action.kind === 'keep') continue
    const name = byName.has(each.image) ? each.image : unguarded(each.image)
    const all = byName.get(name) ?? []
    const own = all.length > 1 ? all.filter((found) => isMeant(dataset, each, found)) : all
    if (own.length > 1) {
      throw new ConfigError(`${name} stands ${own.length} times in the data`, {
        hint: 'Let its rows have class and part as the data does.',
      })
    }
    const [found] = own
    if (!found) gone.push(each.image)
    else if (seen.has(found.datum))
      throw new ConfigError(`${name} stands twice in the list`, { hint: 'Leave one of its rows.' })
    else {
      seen.add(found.datum)
      agreed.push({ ...each, ...found, name })
    }
  }
  return { agreed, gone }
}

const isMeant = (
  { classNames }: Dataset,
  { className, part }: AgreedAction,
  found: { readonly datum: Datum; readonly part: Part },
): boolean =>
  (className === undefined || classNames[found.datum.label] === className) &&
  (part === undefined || part === found.part)

const stepsOf = ({ folders }: FolderDataset, agreed: readonly Agreed[]): CleanStep[] =>
  agreed.map(({ name, action }) => ({
    path: name,
    ...(action.kind === 'move' ? { classFolder: folders[action.label]! } : {}),
  }))

interface Planned {
  readonly dataset: Dataset
  readonly agreed: readonly Agreed[]
  readonly plan: CleanPlan
}

function planText(data: string, into: string, { dataset, agreed, plan }: Planned): string {
  const moved = new Set(plan.transfers.map(({ path }) => path))
  const done = agreed.filter(({ name }) => moved.has(name))
  const counts = new Map<string, number>()
  for (const { action } of done) {
    const to = action.kind === 'move' ? `to class ${dataset.classNames[action.label]}` : `removed, to ${into}`
    counts.set(to, (counts.get(to) ?? 0) + 1)
  }
  const rows = [...counts].sort((a, b) => b[1] - a[1]).map(([to, count]) => [to, `${count}`])
  const companions = plan.transfers.length - done.length
  return [
    `${counted(done.length, 'picture')} of ${data}${companions > 0 ? ` with ${counted(companions, 'file')} that belong to them` : ''}\n`,
    ...(rows.length > 0 ? [`${formatTable(['goes', 'pictures'], rows)}\n`] : []),
    ...listed(
      'stay:',
      plan.left.map(({ path, reason }) => `${path}: ${reason}`),
    ),
    ...emptied(dataset, done).map(
      (name) => `class ${name} has no picture left in a part: remove its folder, or keep one\n`,
    ),
  ].join('\n')
}

/** Classes that would have no picture left in a part that has some. */
function emptied({ train, val, test, classNames }: Dataset, done: readonly Agreed[]): string[] {
  const leaves = new Set(done.map(({ datum }) => datum))
  const classes = new Set<number>()
  for (const part of [train, val, test]) {
    const stays = new Set<number>()
    for (const datum of part) if (!leaves.has(datum)) stays.add(datum.label)
    for (const { action } of done)
      if (action.kind === 'move' && part.some((datum) => datum.label === action.label))
        stays.add(action.label)
    for (const { label } of part) if (!stays.has(label)) classes.add(label)
  }
  return [...classes].map((label) => classNames[label]!)
}

/** Writes a list without the removed pictures and with other classes for those that move; the old one stays. */
async function writeBetterList(
  file: string,
  dataset: Dataset,
  place: DataPlace,
  { actions, flags }: { readonly actions: readonly AgreedAction[]; readonly flags: CleanFlags },
): Promise<void> {
  const target = flags.into ?? join(dirname(file), `${basename(file, extname(file))}-clean${extname(file)}`)
  if (!isListName(target))
    throw new ConfigError(`--into ${target}: expected a list that ends in ${listEndings}`)
  if (resolve(target) === resolve(file))
    throw new ConfigError(`--into ${target}: is the list itself`, { hint: 'Name a new one.' })
  const { agreed, gone } = matched(dataset, place, actions)
  const rows = await readListedRows(file)
  // As openListedFile numbers them and makes parts of them.
  const classes = [...new Set(rows.map(({ className }) => className))].sort(compareCodePoints)
  const tested = rows.some(({ part }) => part === 'test')
  const partOf = ({ part }: ListedRow) => (part === 'val' && !tested ? 'test' : part)
  const split = rows.some(({ part }) => part !== undefined)
  const key = (name: string, label: number, part: Part | undefined) =>
    [name, label, split ? part : ''].join('\0')
  const byKey = new Map(agreed.map(({ name, datum, part, action }) => [key(name, datum.label, part), action]))
  const better = rows.flatMap((row) => {
    const name = nameIn(place, join(place.root, row.path))
    const action = byKey.get(key(name, classes.indexOf(row.className), partOf(row)))
    if (action?.kind === 'remove') return []
    return [{ ...row, className: action?.kind === 'move' ? classes[action.label]! : row.className }]
  })
  const text =
    extname(target).toLowerCase() === '.csv'
      ? [
          ['path', 'class', ...(split ? ['split'] : [])],
          ...better.map(({ path, className, part }) => [path, className, ...(split ? [part ?? ''] : [])]),
        ]
          .map(dataLine)
          .join('')
      : better
          .map(
            ({ path, className, part }) =>
              `${JSON.stringify({ path, class: className, ...(part ? { split: part } : {}) })}\n`,
          )
          .join('')
  if (!flags.dryRun) await writeFileAtomic(target, text)
  const removed = rows.length - better.length
  const moved = agreed.filter(({ action }) => action.kind === 'move').length
  const facts = { list: flags.dryRun ? null : target, removed, moved, left: gone }
  const elsewhere = flags.root === undefined && resolve(dirname(target)) !== resolve(place.root)
  process.stdout.write(
    flags.json
      ? `${JSON.stringify(facts)}\n`
      : `${counted(removed, 'line')} left out, ${counted(moved, 'class', 'classes')} changed${flags.dryRun ? ': nothing was written' : `\nlist    ${target}`}\n${elsewhere ? `Its paths are below ${place.root}: add --root ${place.root}.\n` : ''}`,
  )
}

/** A line of CSV for programs (RFC 4180): a guard against formulas would change the names. */
const dataLine = (fields: readonly string[]): string =>
  `${fields.map((text) => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text)).join(',')}\r\n`
