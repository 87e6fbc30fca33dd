import { basename } from 'node:path'
import type { Verdict } from '../../core/evaluate/verdict.js'
import { stemOf } from './companions.js'
import type { FoundFile, Photo } from './find-photos.js'
import { folderNames, freeStem, nameKey } from './names.js'

/** Folder of pictures that show none of the classes. */
export const NONE_FOLDER = 'none of these'
/** Folder of pictures whose likeliest classes are too close. */
export const UNCERTAIN_FOLDER = 'uncertain'

/** One file and where it goes. */
export interface Transfer extends FoundFile {
  /** Below the folder that is sorted into, with slashes. */
  readonly to: string
  /** Files with one number belong together; the picture is the first of them. */
  readonly group: number
  /** Where `to` is below the folder that is sorted, not the one that is sorted into. */
  readonly within?: 'folder' | undefined
}

/** A picture, what was made of it, and where it and its companions go. */
export interface PlannedPhoto {
  readonly photo: Photo
  readonly verdict: Verdict
  readonly folder: string
  /** The picture's first. */
  readonly transfers: readonly Transfer[]
}

/** Folders by class, in the order of the classes. */
export function classFolders(classNames: readonly string[]): Map<string, string> {
  const names = folderNames(classNames, [NONE_FOLDER, UNCERTAIN_FOLDER])
  return new Map(classNames.map((className, i) => [className, names[i]!]))
}

/**
 * Where each picture goes, without a look at the disk. Names that are taken get a number: `photo (2).jpg`, and its
 * companions the same.
 *
 * @param folders of classes, see {@link classFolders}
 * @param takenIn names that stand in a folder already
 */
export function planSort(
  judged: readonly { readonly photo: Photo; readonly verdict: Verdict }[],
  folders: ReadonlyMap<string, string>,
  takenIn: (folder: string) => Iterable<string>,
): PlannedPhoto[] {
  const taken = new Map<string, Set<string>>()
  return judged.map(({ photo, verdict }, group) => {
    const folder = folderOf(verdict, folders)
    const names = taken.get(folder) ?? new Set(Array.from(takenIn(folder), nameKey))
    taken.set(folder, names)
    const transfers = transfersOf(photo, folder, names).map((file) => ({ ...file, group }))
    return { photo, verdict, folder, transfers }
  })
}

/**
 * Where a picture and its companions go in a folder: to their own names where these are free, else to numbered ones.
 *
 * @param names taken in the folder, by `nameKey`; the new ones are added
 */
export function transfersOf(photo: Photo, folder: string, names: Set<string>): Omit<Transfer, 'group'>[] {
  const files = [photo, ...photo.companions]
  const stem = stemOf(basename(photo.path))
  const endings = files.map(({ path }) => basename(path).slice(stem.length))
  const free = freeStem(stem, endings, names)
  return files.map(({ path, bytes, mtimeMs }, i) => {
    const name = free + endings[i]!
    names.add(nameKey(name))
    return { path, bytes, mtimeMs, to: folder === '' ? name : `${folder}/${name}` }
  })
}

function folderOf({ kind, classes }: Verdict, folders: ReadonlyMap<string, string>): string {
  if (kind === 'none') return NONE_FOLDER
  return kind === 'uncertain' ? UNCERTAIN_FOLDER : folders.get(classes[0]!.className)!
}
