import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { extname } from 'node:path'
import { Command, Option } from 'commander'
import { DataError, UserError } from '../core/errors.js'
import type { Classifier } from '../core/evaluate/classifier.js'
import { createClassifier } from '../core/evaluate/create-classifier.js'
import type { Rejection } from '../core/evaluate/none-of-these.js'
import {
  type NamedImage,
  type PredictEachOptions,
  type Prediction,
  predictEach,
  type UnreadableImage,
} from '../core/evaluate/predict.js'
import type { Exif } from '../core/image/orientation.js'
import { rejectionOf } from '../core/run/held-out-figures.js'
import { printable } from '../lab/results/formats/printable.js'
import { sha256 } from '../node/cache/cache-key.js'
import { decoderVersions } from '../node/data/decode.js'
import { decodePhoto, ownPhotos } from '../node/data/reading.js'
import { type AnswerBasis, AnswerFile, type ImageAnswer } from '../node/predict/answer-file.js'
import { fetchImage, isAddress } from '../node/predict/fetch-image.js'
import { type FoundImages, findImages } from '../node/predict/find-images.js'
import { exifOfRun, framesOfRun, promptsPath } from '../node/run.js'
import { packageVersion } from '../node/runs/environment.js'
import { readHeldOutFigures } from '../node/runs/threshold.js'
import { maybeClipAt, middleFrame } from '../node/video/clips.js'
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
  threadCount,
  threadsOption,
  wholeNumber,
} from './options.js'
import { AnswerCount, answerWriter, type PredictFormat, predictFormats } from './predict-formats.js'
import { startLateProgress } from './progress.js'
import { type RejectionFlags, withRejectionOptions } from './rejection-options.js'

interface PredictFlags extends RejectionFlags, RunFlags {
  readonly top: number
  readonly addClass?: string[]
  readonly out?: string
  readonly format?: PredictFormat
  readonly allowUrl?: boolean
  readonly allowPrivateUrl?: boolean
  readonly jobs: number
  readonly exif?: Exif
  readonly skipBadImages?: boolean
  readonly json?: boolean
}

const examples = `
An image that cannot be read has its reason in its place, the others are looked at all the same, and the exit code is 2;
with --skip-bad-images it is left out, and the exit code is 0. See docs/predict.md.

Examples:
  $ promptsrc predict runs/photos new.jpg
  $ promptsrc predict runs/photos *.jpg --top 1 --json
  $ promptsrc predict runs/photos new.jpg --add-class "border collie" --add-class whippet
      classes that were never trained take part like the trained ones
  $ promptsrc predict runs/photos *.jpg --accept 0.99
      "none of these" for fewer images: the threshold that accepts 99 % of held-out images (docs/none-of-these.md)
  $ promptsrc predict runs/photos ~/Pictures --out answers.csv
      all pictures in a folder and below it; after an interruption the same call goes on
  $ find . -name "*.jpg" -newer last | promptsrc predict runs/photos - --format csv`

/** `promptsrc predict`: the likely classes of images. */
export function predictCommand(): Command {
  const command = new Command('predict')
    .argument('<run>', 'run directory')
    .argument('<image...>', 'image files, folders, patterns in quotes, or - for a list on standard input')
    .option('--top <n>', 'classes to show for each image', wholeNumber(1), 5)
    .option('--add-class <name>', 'a class that was not trained; repeatable', repeated)
    .option('--out <file>', 'write the answers to a file; a call that was interrupted goes on')
    .addOption(
      new Option('--format <kind>', 'how answers are written (default: as the name of --out ends, else text)')
        .choices(predictFormats)
        .conflicts('json'),
    )
    .option('--allow-url', 'take addresses (https://…) as well, and fetch their images')
    .option('--allow-private-url', 'take addresses of this machine and its network, too')
    .option('--jobs <n>', 'images to read and decode side by side', threadCount, 4)
    .addOption(exifOption())
    .addOption(modelOfRunOption())
    .addOption(activationOption())
    .option('--skip-bad-images', 'leave out images that cannot be read')
    .addOption(threadsOption())
    .addOption(deviceOption())
    .addOption(precisionOption())
    .option('--json', 'print one JSON object a line, as --format jsonl does')
  return withRejectionOptions(command).addHelpText('after', examples).action(show)
}

async function show(runPath: string, given: string[], asked: PredictFlags): Promise<void> {
  const flags = { ...asked, exif: asked.exif ?? (await exifOfRun(runPath)) ?? 'apply' }
  const signal = interruptible(flags.out ? 'Interrupted. The same call goes on.' : 'Interrupted.')
  const kept = await readHeldOutFigures(runPath)
  const addresses = Boolean(flags.allowUrl || flags.allowPrivateUrl)
  const frames = await framesOfRun(runPath)
  const found = await findImages(given, { addresses, clips: frames !== undefined, list: process.stdin })
  const run = await openRun(runPath, flags, signal)
  try {
    const batchSize = Math.min(16, found.names.length)
    await using classifier = await createClassifier(run, { addClasses: flags.addClass ?? [], batchSize })
    const { length } = classifier.classNames
    const rejection = await rejectionOf(run, kept, length, flags)
    const { temperature } = kept ?? {}
    const what = { top: Math.min(flags.top, length), rejection, temperature }
    const count = new AnswerCount()
    const started = performance.now()
    const target = await targetOf(runPath, found.names, classifier.batchSize, { flags, what, count })
    try {
      await answerAll(classifier, found.names, target, { flags, what, signal })
      await target.finish()
    } finally {
      await target.close()
    }
    summarize(found, count, flags, (found.names.length - target.kept) / (performance.now() - started))
  } finally {
    await run.model.close()
  }
}

/** What is asked of every image. */
type Asked = Required<Pick<PredictEachOptions, 'top'>> & Pick<PredictEachOptions, 'rejection' | 'temperature'>

/** Where answers go, one after the other. */
interface Target {
  /** Images that were answered by an earlier call. */
  readonly kept: number
  put(answer: ImageAnswer): Promise<void>
  finish(): Promise<void>
  close(): Promise<void>
}

async function targetOf(
  runPath: string,
  names: readonly string[],
  batchSize: number,
  { flags, what, count }: { flags: PredictFlags; what: Asked; count: AnswerCount },
): Promise<Target> {
  const writer = answerWriter(formatOf(flags), { top: what.top, calibrated: what.temperature !== undefined })
  const line = (answer: ImageAnswer): string => {
    count.add(answer)
    return flags.skipBadImages && 'error' in answer ? '' : writer.line(answer)
  }
  if (flags.out === undefined) return printed(writer.head, line)
  const file = await AnswerFile.open(flags.out, await basisOf(runPath, flags, what), names, batchSize)
  return {
    kept: file.kept,
    put: (answer) => file.put(answer),
    finish: () => file.finish(writer.head, line),
    close: () => file.close(),
  }
}

/** Standard output, which is waited for where its reader is slow. */
function printed(head: string, line: (answer: ImageAnswer) => string): Target {
  let before = head
  return {
    kept: 0,
    async put(answer) {
      const text = before + line(answer)
      before = ''
      // What names would do to a terminal, a file may keep.
      const safe = process.stdout.isTTY ? printable(text, Number.POSITIVE_INFINITY) : text
      if (text !== '' && !process.stdout.write(safe)) await once(process.stdout, 'drain')
    },
    async finish() {},
    async close() {},
  }
}

function formatOf({ format, json, out }: PredictFlags): PredictFormat {
  if (json) return 'jsonl'
  const ending = extname(out ?? '').slice(1)
  return format ?? predictFormats.find((name) => name === ending) ?? 'text'
}

/** All that an answer depends on beside the image. */
async function basisOf(runPath: string, flags: PredictFlags, what: Asked): Promise<AnswerBasis> {
  return {
    version: packageVersion(),
    decoders: await decoderVersions(),
    run: sha256(await readFile(await promptsPath(runPath))),
    classes: flags.addClass ?? [],
    activation: flags.activation ?? null,
    device: deviceWords(flags),
    exif: flags.exif,
    top: what.top,
    threshold: what.rejection?.threshold ?? null,
    temperature: what.temperature ?? null,
  }
}

async function answerAll(
  classifier: Classifier,
  names: readonly string[],
  target: Target,
  { flags, what, signal }: { flags: PredictFlags; what: Asked; signal: AbortSignal },
): Promise<void> {
  // On a terminal the answers themselves show how it goes on.
  const shown = flags.out !== undefined || !process.stdout.isTTY
  let done = target.kept
  const bar = shown ? startLateProgress('looking at pictures', names.length, done) : undefined
  const images = imagesOf(names, done, flags, signal)
  try {
    for await (const outcome of predictEach(classifier, images, { ...what, jobs: flags.jobs, signal })) {
      if ('error' in outcome) {
        // Of a single image its own error says all.
        if (names.length === 1 && !flags.skipBadImages) throw outcome.error
        if (flags.skipBadImages) warn(outcome.error.message, 'left out')
      }
      await target.put(answerTo(outcome, what.rejection))
      bar?.update(++done)
    }
  } finally {
    bar?.stop()
  }
}

function* imagesOf(
  names: readonly string[],
  from: number,
  { allowPrivateUrl = false, exif }: PredictFlags,
  signal: AbortSignal,
): Generator<NamedImage> {
  const web = { allowPrivate: allowPrivateUrl, signal }
  const { onRemark } = ownPhotos(exif, ({ message }) => warn(message))
  for (let i = from; i < names.length; i++) {
    const name = names[i]!
    // A clip is told by its path: a video's name, or a folder.
    const clip = isAddress(name) ? undefined : maybeClipAt(name)
    if (clip) {
      yield { name, clip, load: () => middleFrame(clip) }
      continue
    }
    yield {
      name,
      load: async () =>
        decodePhoto(isAddress(name) ? await fetchImage(name, web) : name, { name, exif, onRemark }),
    }
  }
}

function answerTo(outcome: Prediction | UnreadableImage, rejection: Rejection | undefined): ImageAnswer {
  if (!('error' in outcome)) return rejection ? { ...outcome, threshold: rejection.threshold } : outcome
  const { image, error } = outcome
  return { image, error: error.message.replace(`${image}: `, '') }
}

/**
 * Says what came of all images.
 *
 * @param rate images a millisecond
 * @throws UserError where some could not be read, and this was not said to be no matter
 */
function summarize(
  { names, links, unreadable }: FoundImages,
  count: AnswerCount,
  { skipBadImages }: PredictFlags,
  rate: number,
): void {
  for (const { path, reason } of unreadable) warn(`${path}: ${reason}`, 'left out')
  if (count.readable === 0) throw noneRead(names.length)
  if (names.length > 1) {
    const speed = `${(1000 * rate).toPrecision(3)} a second`
    const left = skipBadImages ? 'left out' : 'could not be read'
    const passed = links > 0 ? `; ${links} symbolic links left alone` : ''
    process.stderr.write(
      printable(`${names.length.toLocaleString('en')} images (${speed}): ${count.summary(left)}${passed}\n`),
    )
  }
  const missed = count.unreadable + unreadable.length
  if (missed > 0 && !skipBadImages) {
    throw new UserError(
      `${missed.toLocaleString('en')} of ${names.length.toLocaleString('en')} images could not be read`,
      {
        hint: 'The reason of each stands in its place; to leave them out, add --skip-bad-images.',
      },
    )
  }
}

const noneRead = (images: number): DataError =>
  new DataError(
    images === 1 ? 'no image could be read' : `none of ${images.toLocaleString('en')} images could be read`,
    {
      hint: 'Check the paths and the files.',
    },
  )
