import { stat } from 'node:fs/promises'
import { dirname, relative, resolve, sep } from 'node:path'
import { Command } from 'commander'
import { examine } from '../core/curate/examine.js'
import { findingsOf } from '../core/curate/findings.js'
import type { Dataset } from '../core/data/dataset.js'
import { ConfigError } from '../core/errors.js'
import { printable } from '../lab/results/formats/printable.js'
import { lookAt } from '../node/clean/look.js'
import type { FolderDataset } from '../node/data/folder.js'
import { isListName } from '../node/data/listed-rows.js'
import { writeFileAtomic } from '../node/files/atomic.js'
import { cleanPage } from '../pages/clean-page.js'
import { withModel } from './baseline.js'
import { applyList } from './clean-apply.js'
import { findingRows, isJsonList, listText } from './clean-list.js'
import { examinationFacts, examinationText } from './clean-text.js'
import { classNamesOption, type DataOptions, openData, rootOption } from './data.js'
import { interruptible } from './interrupt.js'
import {
  activationOption,
  deviceOption,
  exifOption,
  type ModelFlags,
  precisionOption,
  threadsOption,
  withCacheOption,
  withModelOption,
} from './options.js'
import { type Progress, startLateProgress } from './progress.js'
import { undo } from './sort-undo.js'

/** Options of `promptsrc clean` as given. */
export interface CleanFlags extends DataOptions, ModelFlags {
  readonly model: string
  readonly baseNovel?: boolean
  readonly list?: string
  readonly html?: string
  readonly apply?: string
  readonly into?: string
  readonly undo?: string
  readonly dryRun?: boolean
  readonly yes?: boolean
  readonly json?: boolean
}

/** Where the pictures of a data set lie. */
export interface DataPlace {
  readonly kind: 'folder' | 'list' | 'other'
  /** Folder that names of pictures are below; of other data, none. */
  readonly root: string
}

const examples = `
Nothing is changed before you agree: look at the page, edit the column "action" of the list (keep, remove, move to CLASS), and
apply it. Removed pictures are moved out of the data, never deleted. See docs/clean.md.

Examples:
  $ promptsrc clean photos
  $ promptsrc clean photos --model ViT-B/16 --html clean.html --list clean.csv
  $ promptsrc clean photos --apply clean.csv
      shows the plan and asks; removed pictures go to photos-removed
  $ promptsrc clean --undo photos-removed
      takes all of it back
  $ promptsrc clean photos.csv --list clean.csv && promptsrc clean photos.csv --apply clean.csv --into better.csv
      of a list a new list is written, and no picture moves`

/** `promptsrc clean`: what is wrong with a data set, and mending it. */
export function cleanCommand(): Command {
  const command = new Command('clean')
  withModelOption(command)
    .argument('[data]', 'folder or list of images, see `promptsrc train --help`')
    .addOption(activationOption())
    .addOption(rootOption())
    .addOption(classNamesOption())
    .addOption(exifOption())
    .option('--base-novel', 'also tell copies between the first and the second half of the classes')
    .option('--html <file>', 'write a page that shows what was found')
    .option('--list <file>', 'write what was found as CSV or JSON, with an action for each picture to edit')
    .option('--apply <list>', 'do what the list says')
    .option(
      '--into <path>',
      'where removed pictures go, outside of the data (default: DATA-removed); of a list, the new list',
    )
    .option('--dry-run', 'show the plan of --apply and do nothing')
    .option('--yes', 'do it without a question')
    .option('--undo <dir>', 'take the newest --apply into this folder back')
    .addOption(threadsOption())
    .addOption(deviceOption())
    .addOption(precisionOption())
    .option('--json', 'print as JSON; asks no question')
  return withCacheOption(command).addHelpText('after', examples).action(clean)
}

async function clean(data: string | undefined, flags: CleanFlags): Promise<void> {
  const { apply, into, dryRun, yes, list, html } = flags
  if (flags.undo !== undefined) {
    if (data !== undefined || apply || into || dryRun || list || html) {
      throw new ConfigError('--undo DIR goes alone', {
        hint: 'For example: promptsrc clean --undo photos-removed',
      })
    }
    await undo(flags.undo, undefined, { ...(flags.json ? { json: true } : {}) }, 'clean-up')
    return
  }
  if (data === undefined) {
    throw new ConfigError('clean needs a folder or list of images', {
      hint: 'For example: promptsrc clean photos',
    })
  }
  if (apply !== undefined) {
    if (list || html) throw new ConfigError(`--apply and --${list ? 'list' : 'html'} exclude each other`)
    if (dryRun && yes) throw new ConfigError('--dry-run and --yes exclude each other')
    await applyList(data, apply, flags)
    return
  }
  const lost = into ? 'into' : dryRun ? 'dry-run' : yes ? 'yes' : undefined
  if (lost) throw new ConfigError(`--${lost} goes with --apply LIST`)
  await report(data, flags)
}

async function report(data: string, flags: CleanFlags): Promise<void> {
  const { list, html, baseNovel = false } = flags
  const json = list !== undefined && isJsonList(list)
  const signal = interruptible('Interrupted. What was looked at is kept: the same call goes on.')
  const dataset = await openData(data, { ...flags, signal })
  const place = await placeOf(data, dataset, flags)
  await withModel({ classes: 'all', ...flags }, signal, async (model) => {
    const steps = new Steps()
    const { pictures, features } = await lookAt(dataset, model, {
      nameOf: ({ source }) => nameIn(place, source),
      signal,
      onProgress: (done, total) => steps.update('looking at pictures', done, total),
    }).finally(() => steps.stop())
    const examination = await examine({
      name: dataset.name,
      classNames: dataset.classNames,
      pictures,
      features,
      runtime: model.runtime,
      resolution: model.clip.resolution,
      baseNovel,
      signal,
      onProgress: (step, done, total) => steps.update(step, done, total),
    }).finally(() => steps.stop())
    const findings = findingsOf(examination)
    if (list !== undefined) await writeFileAtomic(list, listText(json, findingRows(examination, findings)))
    if (html !== undefined) {
      const all = [dataset.train, dataset.val, dataset.test].flat()
      const load = (picture: number) => all[picture]!.load()
      await writeFileAtomic(html, await cleanPage(examination, findings, load))
    }
    if (flags.json) {
      process.stdout.write(`${JSON.stringify(examinationFacts(examination, findings))}\n`)
      return
    }
    process.stdout.write(printable(examinationText(examination, findings), Number.POSITIVE_INFINITY))
    if (html !== undefined) process.stdout.write(`page    ${html}\n`)
    if (list !== undefined)
      process.stdout.write(`list    ${list}: edit its actions, then add --apply ${list}\n`)
    else if (findings.length > 0)
      process.stdout.write('\nNothing was changed; --html shows the pictures, --list FILE lets you choose.\n')
  })
}

/** A bar for each of several steps. */
class Steps {
  private bar: Progress | undefined
  private step = ''

  update(step: string, done: number, total: number): void {
    if (step !== this.step) {
      this.stop()
      this.step = step
      this.bar = startLateProgress(step, total)
    }
    this.bar?.update(done)
  }

  stop(): void {
    this.bar?.stop()
    this.bar = undefined
    this.step = ''
  }
}

/** Where pictures are, and so by which names lists know them. */
export async function placeOf(path: string, dataset: Dataset, { root }: DataOptions): Promise<DataPlace> {
  const isFolder = (await stat(path).catch(() => undefined))?.isDirectory() ?? false
  if (isListName(path) && !isFolder) return { kind: 'list', root: root ?? dirname(path) }
  const { folders } = dataset as Partial<FolderDataset>
  return isFolder && folders ? { kind: 'folder', root: path } : { kind: 'other', root: '' }
}

/** The name of a picture: its path below the data's folder, with slashes. */
export const nameIn = ({ kind, root }: DataPlace, source: string): string =>
  kind === 'other' ? source : relative(resolve(root), resolve(source)).split(sep).join('/')
