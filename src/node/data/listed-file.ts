import { basename, dirname, extname, relative, resolve, sep } from 'node:path'
import type { Dataset, DataWarning, Part } from '../../core/data/dataset.js'
import { checkedFraction, usedParts } from '../../core/data/hold-out.js'
import { DataError } from '../../core/errors.js'
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
 * Opens a list of images with their classes: a CSV file or JSON lines of path, class and perhaps split. Classes are
 * numbered in code-point order of their names; images keep the order of the list. Nothing is decoded yet.
 *
 * Where no image is listed for testing, those for validation are measured, or else a share of every class that is held
 * out by the hash of its path, as `openFolder` does.
 *
 * @throws DataError naming file and line when a line cannot be read, a file does not exist or a path leads out of the
 *   root
 */
export async function openListedFile(file: string, options: ListedFileOptions = {}): Promise<ListedDataset> {
  const testFraction = checkedFraction(options.testFraction)
  const root = options.root ?? dirname(file)
  const listed = await readListedRows(file)
  await checkPaths(file, root, listed)
  const { rows, warnings } = withoutRepeats(file, root, listed)

  const classes = [...new Set(rows.map(({ className }) => className))].sort(compareCodePoints)
  const classNames = await resolveClassNames(classes, options.classNames, ['class', 'classes'])
  const labels = new Map(classes.map((name, label) => [name, label]))
  const { exif = 'apply', onWarning } = options
  const folder = new ImageFolder(root, '', undefined, ownPhotos(exif, onWarning))
  const data = (part: Part): FileDatum[] =>
    rows
      .filter((row) => (row.part ?? 'train') === part)
      .map(({ path, className }) => new FileDatum(folder, path, labels.get(className)!))
  const given = { train: data('train'), val: data('val'), test: data('test') }
  const nameOf = ({ name }: FileDatum) => name.split(sep)
  const { parts, warnings: measured } = usedParts(given, file, testFraction, nameOf)
  return {
    name: basename(file, extname(file)),
    classNames,
    exif,
    ...parts,
    warnings: [...warnings, ...measured, ...missingImages(classes, parts, 'class')],
  }
}

async function checkPaths(file: string, root: string, rows: readonly ListedRow[]): Promise<void> {
  const check = await pathChecker(root)
  let first: string | undefined
  let header: string | undefined
  let count = 0
  for (let start = 0; start < rows.length; start += AT_ONCE) {
    const some = rows.slice(start, start + AT_ONCE)
    const problems = await Promise.all(some.map(({ path }) => check(path)))
    for (const [i, problem] of problems.entries()) {
      if (problem === undefined) continue
      count++
      first ??= `line ${some[i]!.line}: ${some[i]!.path} ${problem}`
      header ??= headerHint(some[i]!)
    }
  }
  if (first === undefined) return
  const more = count > 1 ? ` (and ${count - 1} more of ${rows.length} images)` : ''
  throw new DataError(`${file}, ${first}${more}`, {
    hint: header ?? `Paths are relative to ${root}; another folder is given with --root.`,
  })
}

/** Leaves out lines that repeat another; an image that is listed twice with different words is kept, with a warning. */
function withoutRepeats(file: string, root: string, rows: readonly ListedRow[]) {
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
