import { Command } from 'commander'
import type { Dataset, Datum } from '../core/data/dataset.js'
import { DataError } from '../core/errors.js'
import { formatTable } from '../lab/results/formats/text-table.js'
import { absentImages, type BadImage, decodeAll } from '../node/data/check-images.js'
import type { Annotations, DatasetSource } from '../node/data/dataset-source.js'
import { cachedDraws } from '../node/data/few-shot-cache.js'
import { isListName } from '../node/data/listed-rows.js'
import { isNumberedLists } from '../node/data/numbered-lists.js'
import { type Inspection, inspectFiles } from '../node/datasets/inspect.js'
import { findArchives } from '../node/datasets/prepare.js'
import { writeFileAtomic } from '../node/files/atomic.js'
import { findPublished } from '../node/open-dataset.js'
import { contactSheet } from '../pages/contact-sheet.js'
import { classNamesOption, type DataOptions, framesOption, openData } from './data.js'
import { fileLines, incomplete } from './data-files.js'
import { interruptible } from './interrupt.js'
import { exifOption } from './options.js'
import { startProgress } from './progress.js'

const examples = `
Examples:
  $ promptsrc data check OxfordPets --root ~/data
      what is there, what is missing and where to get it; counts beside the published ones
  $ promptsrc data check photos --images --sheet
      photos/<class>/*.jpg: decodes every image, and writes a picture of the classes to photos-sheet.png
  $ promptsrc data check photos.csv --root /mnt/photos --sheet sheet.png
  $ promptsrc data check hmdb51.yaml --root /mnt/videos --frames 8
      the published lists of a video data set (docs/video.md)
  $ promptsrc data check toy --sheet

Ends with code 2 where something needed is missing or an image cannot be used.`

interface CheckFlags extends DataOptions {
  readonly images?: boolean
  readonly sheet?: string | true
  readonly json?: boolean
}

/** `promptsrc data check`: what a data set holds and what it lacks. */
export function dataCheckCommand(): Command {
  return new Command('check')
    .description('say what of a data set is there, what is missing, and what it holds')
    .argument(
      '<data>',
      'name of a published data set, a folder of images, a CSV or JSON-lines file, or a YAML file of lists',
    )
    .option('--root <folder>', 'folder of published data sets, or that the paths of a list are relative to')
    .addOption(classNamesOption())
    .addOption(exifOption())
    .addOption(framesOption())
    .option('--images', 'decode every image')
    .option('--sheet [file]', 'write a picture of some images of each class (default: <name>-sheet.png)')
    .option('--json', 'print as JSON')
    .addHelpText('after', examples)
    .action(check)
}

/** What the command found, as it is printed. */
interface Findings {
  readonly source: DatasetSource | undefined
  readonly inspection: Inspection | undefined
  readonly dataset: Dataset
  readonly cachedDraws: readonly string[]
  readonly absent: readonly Datum[]
  /** Undefined where images were not decoded. */
  readonly bad: readonly BadImage[] | undefined
  readonly sheet: string | undefined
}

async function check(data: string, flags: CheckFlags): Promise<void> {
  const signal = interruptible('Interrupted.')
  const published =
    isListName(data) || isNumberedLists(data) ? undefined : await findPublished(data, flags.root)
  const inspection = published && (await inspect(published.source, published.root, flags))
  const dataset = await openData(data, flags)
  const absent = await absentImages(dataset)
  const bad = flags.images ? await undecodable(dataset, absent, signal) : undefined
  const sheet = flags.sheet === undefined ? undefined : await writeSheet(dataset, flags.sheet, signal)
  const draws = inspection ? await cachedDraws(inspection.folder) : []
  const findings: Findings = {
    source: published?.source,
    inspection,
    dataset,
    cachedDraws: draws,
    absent,
    bad,
    sheet,
  }
  process.stdout.write(flags.json ? `${JSON.stringify(asJson(findings))}\n` : `${asText(findings)}\n`)
  failOn(data, findings)
}

/** Looks for the files of a published data set. Where one is missing, what is there is said all the same. */
async function inspect(source: DatasetSource, root: string, { json }: CheckFlags): Promise<Inspection> {
  const inspection = await inspectFiles(source, root)
  if (inspection.complete) return inspection
  const { folder, files } = inspection
  const archives = (await findArchives(source, root)).map(({ file }) => file)
  if (json) {
    process.stdout.write(
      `${JSON.stringify({ name: source.name, folder, complete: false, files, archives })}\n`,
    )
  } else {
    process.stdout.write(`${[heading(source, inspection), ...fileLines(inspection)].join('\n')}\n`)
    if (archives.length > 0) process.stdout.write(`  archives to unpack: ${archives.join(', ')}\n`)
  }
  throw incomplete(source, root, inspection)
}

async function undecodable(
  { train, val, test }: Dataset,
  absent: readonly Datum[],
  signal: AbortSignal,
): Promise<BadImage[]> {
  const missing = new Set(absent)
  const images = [train, val, test].flat().filter((datum) => !missing.has(datum))
  const bar = startProgress('decoding', images.length)
  const bad: BadImage[] = []
  let done = 0
  try {
    for await (const problem of decodeAll(images, signal)) {
      if (problem) bad.push(problem)
      bar.update(++done, bad.length > 0 ? `${bad.length} bad` : '')
    }
  } finally {
    bar.stop()
  }
  return bad
}

async function writeSheet(dataset: Dataset, sheet: string | true, signal: AbortSignal): Promise<string> {
  const path = sheet === true ? `${dataset.name || 'data'}-sheet.png` : sheet
  await writeFileAtomic(path, await contactSheet(dataset, { signal }))
  return path
}

const heading = ({ title, name }: DatasetSource, { folder }: Inspection): string =>
  `${title} (${name}) in ${folder}`

const annotationsOf = (dataset: Dataset): Annotations | undefined =>
  (dataset as { annotations?: Annotations }).annotations

function asText(findings: Findings): string {
  const { source, inspection, dataset, cachedDraws, absent, bad, sheet } = findings
  const { name, classNames } = dataset
  const annotations = annotationsOf(dataset)
  const [least, most] = imagesPerClass(dataset)
  return [
    ...(source && inspection ? [heading(source, inspection), ...fileLines(inspection)] : [name]),
    ...(annotations ? [`read from the ${annotations}`] : []),
    countTable(dataset, source),
    ...(most > 0 ? [`training images a class: ${least === most ? most : `${least} to ${most}`}`] : []),
    `classes: ${sampleOf(classNames)}`,
    ...(cachedDraws.length > 0 ? [`cached few-shot draws, which are used: ${cachedDraws.length}`] : []),
    ...(absent.length > 0
      ? [`images that are not there: ${absent.length}`, ...firstOf(absent.map(({ source }) => source))]
      : []),
    ...(bad
      ? [bad.length === 0 ? 'every image decodes' : `images that cannot be decoded: ${bad.length}`]
      : []),
    ...firstOf((bad ?? []).map(({ problem }) => problem)),
    ...(sheet === undefined ? [] : [`sheet  ${sheet}`]),
  ].join('\n')
}

/** Images of each part, beside the published counts with differences marked. */
function countTable({ classNames, train, val, test }: Dataset, source: DatasetSource | undefined): string {
  const here = { classes: classNames.length, train: train.length, val: val.length, test: test.length }
  const rows = Object.entries(here).map(([part, count]) => {
    if (!source) return [part, String(count)]
    const expected = source.counts[part as keyof typeof here]
    return [part, String(count), String(expected), count === expected ? '' : 'differs']
  })
  return formatTable(['', 'here', ...(source ? ['published', ''] : [])], rows)
}

/** Fewest and most training images of a class that has any. */
function imagesPerClass({ train }: Dataset): [least: number, most: number] {
  const counts = new Map<number, number>()
  for (const { label } of train) counts.set(label, (counts.get(label) ?? 0) + 1)
  const sorted = [...counts.values()].sort((a, b) => a - b)
  return [sorted[0] ?? 0, sorted.at(-1) ?? 0]
}

function sampleOf(names: readonly string[]): string {
  return names.length <= 12 ? names.join(', ') : `${names.slice(0, 10).join(', ')}, … ${names.at(-1)}`
}

function firstOf(lines: readonly string[]): string[] {
  const shown = lines.slice(0, 10).map((line) => `  ${line}`)
  return lines.length > 10 ? [...shown, `  … and ${lines.length - 10} more`] : shown
}

function asJson({ source, inspection, dataset, cachedDraws, absent, bad, sheet }: Findings) {
  const { name, classNames, train, val, test, warnings = [] } = dataset
  return {
    name,
    ...(inspection ? { folder: inspection.folder, complete: true, files: inspection.files } : {}),
    annotations: annotationsOf(dataset) ?? null,
    counts: { classes: classNames.length, train: train.length, val: val.length, test: test.length },
    published: source?.counts ?? null,
    classNames,
    cachedDraws,
    warnings: warnings.map(({ message }) => message),
    absentImages: absent.map(({ source }) => source),
    badImages: bad ?? null,
    sheet: sheet ?? null,
  }
}

function failOn(data: string, { absent, bad = [] }: Findings): void {
  const problems = [
    ...(absent.length > 0 ? [`images that are not there: ${absent.length}`] : []),
    ...(bad.length > 0 ? [`images that cannot be decoded: ${bad.length}`] : []),
  ]
  if (problems.length === 0) return
  throw new DataError(`${data}: ${problems.join(', ')}`, {
    hint: 'Copy or unpack the data again (promptsrc data prepare --again completes a published set), or train with --skip-bad-images.',
  })
}
