import { basename, dirname, extname, relative, resolve, sep } from 'node:path'
import type { Dataset, DataWarning, Part } from '../../core/data/dataset.js'
import { checkedFraction, usedParts } from '../../core/data/hold-out.js'
import { DataError } from '../../core/errors.js'
import { isPicture } from '../files/picture-names.js'
import { ClipDatum, isVideo } from '../video/clips.js'
import { checkFfmpeg } from '../video/ffmpeg.js'
import { resolveClassNames } from './class-names.js'
import { FileDatum } from './file-datum.js'
import { type FolderOptions, missingImages } from './folder.js'
import { ImageFolder } from './image-folder.js'
import { pathChecker } from './listed-paths.js'
import { headerHint, type ListedRow, readListedRows } from './listed-rows.js'
import { compareCodePoints } from './listing.js'
import { ownPhotos } from './reading.js'

/** Options of {@link openListedFile}. */
export interface ListedFileOptions extends FolderOptions {
  /** Folder that the paths are relative to and may not lead out of; the file's own folder by default. */
  readonly root?: string | undefined
}

/** A data set that a list gives. */
export interface ListedDataset extends Dataset {
  readonly warnings: readonly DataWarning[]
}

/** Paths checked at a time. */
const AT_ONCE = 256

/**
 * Opens a list of images, or of clips, with their classes: a CSV file or JSON lines of path, class and perhaps split. Classes
 * are numbered in code-point order of their names; images keep the order of the list. Nothing is decoded yet.
 *
 * Where no image is listed for testing, those for validation are measured, or else a share of every class that is held
 * out by the hash of its path, as `openFolder` does.
 *
 * @throws DataError naming file and line when a line cannot be read, a file does not exist or a path leads out of the
 *   root; MissingToolError where videos are listed and there is no ffmpeg
 */
export async function openListedFile(file: string, options: ListedFileOptions = {}): Promise<ListedDataset> {
  const root = options.root ?? dirname(file)
  const { rows, warnings } = await checkedRows(file, root, await readListedRows(file), options)
  const classes = [...new Set(rows.map(({ className }) => className))].sort(compareCodePoints)
  return datasetOfRows({ file, root, classes, rows, warnings }, options)
}

/** What lists say, with paths that were checked. */
interface Rows {
  readonly rows: readonly Omit<ListedRow, 'line'>[]
  readonly warnings: readonly DataWarning[]
}

/**
 * The data set of listed rows.
 *
 * @param listed `file` for its name and messages; `classes` in the order of their labels
 */
export async function datasetOfRows(
  {
    file,
    root,
    classes,
    rows,
    warnings,
  }: Rows & { readonly file: string; readonly root: string; readonly classes: readonly string[] },
  { clips = false, testFraction, classNames: names, exif = 'apply', onWarning }: ListedFileOptions,
): Promise<ListedDataset> {
  const fraction = checkedFraction(testFraction)
  if (clips && rows.some(({ path }) => isVideo(path))) await checkFfmpeg()
  const classNames = await resolveClassNames(classes, names, ['class', 'classes'])
  const labels = new Map(classes.map((name, label) => [name, label]))
  const folder = new ImageFolder(root, '', undefined, ownPhotos(exif, onWarning))
  const datum = ({ path, className }: Rows['rows'][number]) =>
    new (clips && !isPicture(path) ? ClipDatum : FileDatum)(folder, path, labels.get(className)!)
  const data = (part: Part) => rows.filter((row) => (row.part ?? 'train') === part).map(datum)
  const given = { train: data('train'), val: data('val'), test: data('test') }
  const { parts, warnings: measured } = usedParts(given, file, fraction, ({ name }) => name.split(sep))
  return {
    name: basename(file, extname(file)),
    classNames,
    exif,
    ...parts,
    warnings: [...warnings, ...measured, ...missingImages(classes, parts, 'class')],
  }
}

/**
 * The rows of a list, their paths relative to the root. Of clips, a folder of frames may stand where a video of its name is
 * listed.
 *
 * @throws DataError naming file and line for a path that cannot be used
 */
export async function checkedRows(
  file: string,
  root: string,
  listed: readonly ListedRow[],
  { clips = false }: Pick<ListedFileOptions, 'clips'>,
): Promise<Rows> {
  return withoutRepeats(file, root, await checkPaths(file, root, listed, clips))
}

async function checkPaths(
  file: string,
  root: string,
  rows: readonly ListedRow[],
  clips: boolean,
): Promise<ListedRow[]> {
  const check = await pathChecker(root, { folders: clips })
  const place = async (row: ListedRow): Promise<{ row: ListedRow; problem?: string | undefined }> => {
    const problem = !clips && isVideo(row.path) ? VIDEO : await check(row.path)
    if (!clips || problem === undefined || !isVideo(row.path)) return { row, problem }
    const frames = row.path.slice(0, -extname(row.path).length)
    return (await check(frames)) === undefined ? { row: { ...row, path: frames } } : { row, problem }
  }
  const placed: ListedRow[] = []
  let first: string | undefined
  let hint: string | undefined
  let count = 0
  for (let start = 0; start < rows.length; start += AT_ONCE) {
    for (const { row, problem } of await Promise.all(rows.slice(start, start + AT_ONCE).map(place))) {
      placed.push(row)
      if (problem === undefined) continue
      count++
      first ??= `line ${row.line}: ${row.path} ${problem}`
      hint ??=
        problem === VIDEO ? 'To read videos, say how many frames of each: --frames 8.' : headerHint(row)
    }
  }
  if (first === undefined) return placed
  const more = count > 1 ? ` (and ${count - 1} more of ${rows.length} ${clips ? 'clips' : 'images'})` : ''
  throw new DataError(`${file}, ${first}${more}`, {
    hint: hint ?? `Paths are relative to ${root}; another folder is given with --root.`,
  })
}

/** What keeps a video from being a picture. */
const VIDEO = 'is a video'

/** Leaves out lines that repeat another; an image that is listed twice with different words is kept, with a warning. */
function withoutRepeats(file: string, root: string, rows: readonly ListedRow[]): Rows {
  const seen = new Map<string, ListedRow>()
  const kept: ListedRow[] = []
  const repeats: string[] = []
  const conflicts: string[] = []
  for (const listed of rows) {
    const row = { ...listed, path: relative(root, resolve(root, listed.path)) }
    const before = seen.get(row.path)
    if (before === undefined) {
      seen.set(row.path, row)
      kept.push(row)
      continue
    }
    const places = `${row.path}, lines ${before.line} and ${row.line}`
    if (before.className === row.className && before.part === row.part) repeats.push(places)
    else {
      conflicts.push(places)
      kept.push(row)
    }
  }
  const warn = (found: readonly string[], what: string): DataWarning[] =>
    found.length === 0
      ? []
      : [{ kind: 'duplicate', message: `${file}: ${found.length} ${what} (such as ${found[0]})` }]
  return {
    rows: kept,
    warnings: [
      ...warn(repeats, 'repeated lines left out'),
      ...warn(conflicts, 'images listed again with another class or split'),
    ],
  }
}
