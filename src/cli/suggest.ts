import { Command } from 'commander'
import { type Suggestion, suggestImages } from '../core/curate/suggest.js'
import { DataError } from '../core/errors.js'
import { createClassifier } from '../core/evaluate/create-classifier.js'
import type { NamedImage } from '../core/evaluate/predict.js'
import type { Exif } from '../core/image/orientation.js'
import { printable } from '../lab/results/formats/printable.js'
import { decodePhoto, ownPhotos } from '../node/data/reading.js'
import { writeFileAtomic } from '../node/files/atomic.js'
import { findImages } from '../node/predict/find-images.js'
import { exifOfRun } from '../node/run.js'
import { suggestionsPage } from '../pages/suggestions-page.js'
import { warn } from './fail.js'
import { interruptible } from './interrupt.js'
import { modelOfRunOption, openRun, type RunFlags } from './open-run.js'
import {
  activationOption,
  deviceOption,
  exifOption,
  precisionOption,
  repeated,
  threadCount,
  threadsOption,
  wholeNumber,
} from './options.js'
import { startLateProgress } from './progress.js'

interface SuggestFlags extends RunFlags {
  readonly count: number
  readonly labelled?: string[]
  readonly html?: string
  readonly json?: boolean
  readonly jobs: number
  readonly exif?: Exif
}

const examples = `
Suggested are images that the run is unsure of, such as are unlike each other and unlike what has labels; see
docs/suggest.md.

Examples:
  $ promptsrc suggest runs/photos ~/Pictures
  $ promptsrc suggest runs/photos ~/Pictures --count 50 --labelled photos/train --html next.html
      nothing that looks like the training images; with the pictures on a page`

/** `promptsrc suggest`: which images to label next. */
export function suggestCommand(): Command {
  return new Command('suggest')
    .argument('<run>', 'run directory')
    .argument('<image...>', 'image files, folders, patterns in quotes, or - for a list on standard input')
    .option('--count <n>', 'images to suggest', wholeNumber(1), 20)
    .option(
      '--labelled <path>',
      'images that have labels: nothing like them is suggested; repeatable',
      repeated,
    )
    .option('--html <file>', 'also write a page with the pictures')
    .option('--jobs <n>', 'images to read and decode side by side', threadCount, 4)
    .addOption(exifOption())
    .addOption(modelOfRunOption())
    .addOption(activationOption())
    .addOption(threadsOption())
    .addOption(deviceOption())
    .addOption(precisionOption())
    .option('--json', 'print one JSON object a line')
    .addHelpText('after', examples)
    .action(suggest)
}

async function suggest(runPath: string, given: string[], flags: SuggestFlags): Promise<void> {
  const exif = flags.exif ?? (await exifOfRun(runPath)) ?? 'apply'
  const signal = interruptible('Interrupted.')
  const find = (paths: readonly string[]) => findImages(paths, { addresses: false, list: process.stdin })
  const found = await find(given)
  const labelled = flags.labelled ? (await find(flags.labelled)).names : []
  for (const { path, reason } of found.unreadable) warn(`${path}: ${reason}`, 'left out')

  const { onRemark } = ownPhotos(exif, ({ message }) => warn(message))
  const load = (name: string) => decodePhoto(name, { name, exif, onRemark })
  const images = (names: readonly string[]): NamedImage[] =>
    names.map((name) => ({ name, load: () => load(name) }))

  const run = await openRun(runPath, flags, signal)
  let suggestions: Suggestion[]
  let done = 0
  let unreadable = 0
  try {
    await using classifier = await createClassifier(run, { batchSize: Math.min(16, found.names.length) })
    const bar = startLateProgress('looking at pictures', labelled.length + found.names.length)
    suggestions = await suggestImages(classifier, images(found.names), {
      count: flags.count,
      labelled: images(labelled),
      jobs: flags.jobs,
      signal,
      onImage(error) {
        bar.update(++done)
        if (!error) return
        unreadable++
        bar.say(printable(`warning: ${error.message}; left out`, Number.POSITIVE_INFINITY))
      },
    }).finally(bar.stop)
  } finally {
    await run.model.close()
  }
  if (unreadable === labelled.length + found.names.length) {
    throw new DataError(`none of ${unreadable.toLocaleString('en')} images could be read`, {
      hint: 'Check the paths and the files.',
    })
  }
  for (const [i, suggestion] of suggestions.entries()) {
    process.stdout.write(flags.json ? `${JSON.stringify(suggestion)}\n` : textOf(suggestion, i + 1))
  }
  if (suggestions.length < flags.count) {
    warn(
      `${suggestions.length} of ${flags.count} suggested: the others are copies, or the run is certain of them`,
    )
  }
  if (flags.html !== undefined) {
    const about = { run: runPath, among: found.names.length, load }
    await writeFileAtomic(flags.html, await suggestionsPage(suggestions, about))
    process.stderr.write(`page  ${flags.html}\n`)
  }
}

function textOf({ image, classes }: Suggestion, place: number): string {
  const answers = classes.map(
    ({ className, probability }) => `${className} ${(100 * probability).toFixed(0)} %`,
  )
  return printable(
    `${String(place).padStart(3)}. ${image}  ${answers.join(', ')}\n`,
    Number.POSITIVE_INFINITY,
  )
}
