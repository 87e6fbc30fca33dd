import { createHash } from 'node:crypto'
import { readFile, realpath } from 'node:fs/promises'
import { Command } from 'commander'
import { tidyClassName } from '../core/clip/templates.js'
import { ConfigError, DataError } from '../core/errors.js'
import type { Classifier } from '../core/evaluate/classifier.js'
import { createClassifier, type Run } from '../core/evaluate/create-classifier.js'
import { conceptTemperature } from '../core/evaluate/none-of-these.js'
import type { VerdictOptions } from '../core/evaluate/verdict.js'
import type { Exif } from '../core/image/orientation.js'
import { chosenThreshold } from '../core/run/held-out-figures.js'
import { decoderVersions } from '../node/data/decode.js'
import { ownPhotos } from '../node/data/reading.js'
import { exifOfRun, promptsPath } from '../node/run.js'
import { packageVersion } from '../node/runs/environment.js'
import { loadPrompts } from '../node/runs/prompts-file.js'
import { readHeldOutFigures } from '../node/runs/threshold.js'
import { realTarget, sortedBefore, unfinishedSort } from '../node/sort/begin-sort.js'
import { checkSpace, checkTarget, takenNames } from '../node/sort/check-target.js'
import { type FoundPhotos, findPhotos, type Unreadable } from '../node/sort/find-photos.js'
import type { How, Journal } from '../node/sort/journal.js'
import { type JudgedPhoto, judgePhotos } from '../node/sort/judge-photos.js'
import { KeptAnswers } from '../node/sort/kept-answers.js'
import { classFolders, NONE_FOLDER, planSort, UNCERTAIN_FOLDER } from '../node/sort/plan.js'
import { planKeywords } from '../node/sort/tag-photos.js'
import { warn } from './fail.js'
import { interruptible } from './interrupt.js'
import { modelOfRunOption, openRun, type RunFlags } from './open-run.js'
import {
  activationOption,
  deviceOption,
  deviceWords,
  exifOption,
  precisionOption,
  repeated,
  threadsOption,
  withCacheOption,
} from './options.js'
import { startLateProgress } from './progress.js'
import { type RejectionFlags, share, withRejectionOptions } from './rejection-options.js'
import { agreeAndDo, type Task } from './sort-do.js'
import { keywordFacts, keywordText, planFacts, planText } from './sort-text.js'
import { undo } from './sort-undo.js'

/** Probability of the likeliest class below which a picture is none of them, where a run has no threshold of scores. */
const PLAIN_THRESHOLD = 0.3

/** Options of `promptsrc sort` as given. */
export interface SortFlags extends RejectionFlags, RunFlags {
  readonly into?: string
  readonly undo?: string
  readonly copy?: boolean
  readonly move?: boolean
  readonly hardlink?: boolean
  readonly symlink?: boolean
  readonly keywords?: boolean
  readonly margin: number
  readonly addClass?: string[]
  readonly exif?: Exif
  readonly dryRun?: boolean
  readonly yes?: boolean
  readonly json?: boolean
}

const examples = `
Nothing is done before it is agreed to: on a terminal the plan is shown and a question asked; elsewhere only --yes does it.
Pictures are copied unless told otherwise, as that can lose nothing. Files that belong to a picture (.xmp, .aae, raw files,
the .mov of a live photo) go with it, and no file is ever replaced.

Examples:
  $ promptsrc sort runs/photos ~/Pictures/phone --into ~/Pictures/sorted
  $ promptsrc sort runs/photos inbox --into sorted --move --yes
      the same call goes on after an interruption
  $ promptsrc sort --undo sorted
  $ promptsrc sort runs/photos ~/Pictures --keywords
      the classes as keywords in XMP sidecars beside the pictures, for photo managers; undo: sort --undo ~/Pictures`

/** A sort with all its options. */
interface SortTask extends Task {
  readonly flags: SortFlags
}

/** `promptsrc sort`: the pictures of a folder into a folder a class, or keywords for them. */
export function sortCommand(): Command {
  const command = new Command('sort')
    .argument('[run]', 'run directory')
    .argument('[folder]', 'folder with pictures; those in folders below it are sorted as well')
    .option('--into <dir>', 'folder for the folders of the classes')
    .option('--copy', 'copy the files (default)')
    .option('--move', 'move the files')
    .option('--hardlink', 'give the files a second name, which needs no space')
    .option('--symlink', 'make symbolic links to the files')
    .option('--keywords', 'sort nothing; write the classes as keywords into XMP sidecars')
    .option(
      '--margin <p>',
      `lead of the likeliest class below which it is "${UNCERTAIN_FOLDER}"`,
      share(true),
      0.2,
    )
    .option('--add-class <name>', 'a class that was not trained; repeatable', repeated)
    .addOption(exifOption())
    .option('--dry-run', 'show the plan and do nothing')
    .option('--yes', 'do it without a question')
    .option('--undo <dir>', 'take the newest sort into this folder back')
    .addOption(modelOfRunOption())
    .addOption(activationOption())
    .addOption(threadsOption())
    .addOption(deviceOption())
    .addOption(precisionOption())
    .option('--json', 'print as JSON; asks no question')
  return withCacheOption(withRejectionOptions(command))
    .addHelpText('after', examples)
    .action(async (run: string | undefined, folder: string | undefined, flags: SortFlags) => {
      if (flags.undo !== undefined) await undo(flags.undo, run, flags)
      else await sort(run, folder, flags)
    })
}

async function sort(runPath: string | undefined, given: string | undefined, flags: SortFlags): Promise<void> {
  const how = howOf(flags)
  if (runPath === undefined || given === undefined) {
    throw new ConfigError('sort needs a run and a folder with pictures', {
      hint: 'For example: promptsrc sort runs/photos pictures --into sorted',
    })
  }
  const folder = await realpath(given).catch(() => given)
  const into = how === 'keywords' ? folder : await realTarget(flags.into!)
  const call = {
    run: await realpath(await promptsPath(runPath)),
    ...(flags.threshold === undefined ? {} : { threshold: flags.threshold }),
    ...(flags.accept === undefined ? {} : { accept: flags.accept }),
    margin: flags.margin,
    classes: flags.addClass ?? [],
  }
  if (how !== 'keywords') await checkTarget(into, folder, how)
  let doing = false
  const signal = interruptible(() =>
    doing
      ? `Interrupted. The same call goes on; \`promptsrc sort --undo ${into}\` takes it back.`
      : 'Interrupted. Nothing was sorted.',
  )
  const task: SortTask = {
    into,
    call: { folder, how, call },
    flags,
    signal,
    begin: () => {
      doing = true
    },
  }
  const unfinished = await unfinishedSort(into, task.call)
  if (unfinished) await goOn(task, unfinished)
  else await sortAnew(task, runPath, given)
}

function howOf({ into, copy, move, hardlink, symlink, keywords, dryRun, yes }: SortFlags): How {
  const ways = Object.entries({ copy, move, hardlink, symlink, keywords }).filter(([, chosen]) => chosen)
  if (ways.length > 1) {
    throw new ConfigError(`${ways.map(([way]) => `--${way}`).join(' and ')} exclude each other`)
  }
  if (dryRun && yes) throw new ConfigError('--dry-run and --yes exclude each other')
  const how = (ways[0]?.[0] ?? 'copy') as How
  if (how === 'keywords' && into !== undefined) {
    throw new ConfigError('--keywords takes no --into', {
      hint: 'Sidecars stand beside the pictures, where photo managers look for them.',
    })
  }
  if (how !== 'keywords' && into === undefined) {
    throw new ConfigError('sort needs --into DIR', { hint: 'Name a folder for the folders of the classes.' })
  }
  return how
}

async function goOn(task: Task, unfinished: Journal): Promise<void> {
  const { entries, last } = unfinished
  await unfinished.close()
  const left = entries.length - Math.max(0, last)
  const facts = { folder: task.call.folder, into: task.into, how: task.call.how, continued: true, left }
  const text = `an interrupted sort of ${task.call.folder} into ${task.into}: ${left} of ${entries.length} files are left\n`
  await agreeAndDo(task, unfinished, { facts, text, files: left })
}

async function sortAnew(task: SortTask, runPath: string, given: string): Promise<void> {
  const { into, call, flags } = task
  const { how } = call
  const found = await findPhotos(given, how === 'keywords' ? undefined : into)
  const before = how === 'keywords' ? new Map() : await sortedBefore(into, found.folder)
  const photos = found.photos.filter(({ path, bytes, mtimeMs }) => {
    const earlier = before.get(path)
    return !(earlier && earlier.bytes === bytes && earlier.mtimeMs === mtimeMs)
  })
  if (found.photos.length === 0) {
    throw new DataError(`${given}: no pictures there`, {
      hint: 'Name a folder with pictures in it or below it.',
    })
  }
  const { classNames } = await loadPrompts(await promptsPath(runPath))
  const allNames = [...classNames, ...(flags.addClass ?? []).map(tidyClassName)]
  const belief = await beliefOf(runPath, allNames.length, flags)
  const folders = classFolders(allNames)
  const names = how === 'keywords' ? [] : [...folders.values(), NONE_FOLDER, UNCERTAIN_FOLDER]
  const taken = await takenNames(into, names, found.folder)
  const { judged, unreadable } = await answersFor(task, runPath, { ...found, photos }, belief)
  const common = {
    folder: found.folder,
    into,
    how,
    ...belief,
    found,
    unreadable: [...found.unreadable, ...unreadable],
    sortedBefore: found.photos.length - photos.length,
  }
  if (how === 'keywords') {
    const plan = { ...common, judged, ...(await planKeywords(found.folder, judged)) }
    const files = plan.entries.length
    await agreeAndDo(task, plan.entries, { facts: keywordFacts(plan), text: keywordText(plan), files })
    return
  }
  const plan = { ...common, photos: planSort(judged, folders, (folder) => taken.get(folder) ?? []) }
  const entries = plan.photos.flatMap(({ transfers }) => transfers)
  const bytes = entries.reduce((sum, file) => sum + file.bytes, 0)
  if (how === 'copy') await checkSpace(into, bytes)
  await agreeAndDo(task, entries, { facts: planFacts(plan), text: planText(plan), files: entries.length })
}

/** When an answer is believed: by the threshold that predict takes, or where there is none, a plain one. */
async function beliefOf(runPath: string, classes: number, flags: SortFlags): Promise<VerdictOptions> {
  const { margin } = flags
  const threshold = chosenThreshold(await readHeldOutFigures(runPath), classes, flags)
  if (threshold !== undefined) return { threshold, thresholdOf: 'score', margin }
  warn(
    `${runPath} keeps no threshold of held-out images: "${NONE_FOLDER}" is what is less likely than ${PLAIN_THRESHOLD}. ` +
      'Set one by `promptsrc train --resume --out RUN`, or give --threshold.',
    'note',
  )
  return { threshold: PLAIN_THRESHOLD, thresholdOf: 'probability', margin }
}

/** Looks at the pictures. The model is loaded only where there are some that it has not seen. */
async function answersFor(
  { flags, signal }: SortTask,
  runPath: string,
  { folder, photos }: FoundPhotos,
  belief: VerdictOptions,
): Promise<{ judged: JudgedPhoto[]; unreadable: Unreadable[] }> {
  const file = await promptsPath(runPath)
  const prompts = createHash('sha256')
    .update(await readFile(file))
    .digest('hex')
  const classes = flags.addClass ?? []
  const { activation } = flags
  const { exif, onRemark } = ownPhotos(flags.exif ?? (await exifOfRun(runPath)), ({ message }) =>
    warn(message),
  )
  const computed = {
    version: packageVersion(),
    decoderVersions: await decoderVersions(),
    activation,
    device: deviceWords(flags),
    exif,
  }
  const basis = { ...computed, prompts, classes, score: 'maximum concept matching' }
  const kept = await KeptAnswers.open(folder, basis)
  const bar = startLateProgress('looking at pictures', photos.length)
  let run: Run | undefined
  let classifier: Classifier | undefined
  const open = async () => {
    run = await openRun(runPath, flags, signal)
    classifier = await createClassifier(run, { addClasses: classes, batchSize: Math.min(16, photos.length) })
    return { classifier, temperature: await conceptTemperature(run.model.clip) }
  }
  try {
    const onProgress = (done: number) => bar.update(done)
    return await judgePhotos(open, folder, photos, {
      ...belief,
      kept,
      reading: { exif, onRemark },
      signal,
      onProgress,
    })
  } finally {
    bar.stop()
    await kept.close()
    await classifier?.release()
    await run?.model.close()
  }
}
