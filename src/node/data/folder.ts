import { basename, dirname, join, resolve } from 'node:path'
import { counted } from '../../core/counted.js'
import type { Dataset, DataWarning, Datum } from '../../core/data/dataset.js'
import { checkedFraction, usedParts } from '../../core/data/hold-out.js'
import { DataError } from '../../core/errors.js'
import type { Exif } from '../../core/image/orientation.js'
import { pictureEndings } from '../files/picture-names.js'
import { ClipDatum, isVideo, videoEndings } from '../video/clips.js'
import { checkFfmpeg } from '../video/ffmpeg.js'
import { resolveClassNames } from './class-names.js'
import { FileDatum } from './file-datum.js'
import { ImageFolder } from './image-folder.js'
import { compareCodePoints, type FolderReader, folderReader } from './listing.js'
import { ownPhotos, type Reading } from './reading.js'

export interface FolderOptions {
  /** Read clips in place of pictures: video files, and folders of frames, in each class folder. */
  readonly clips?: boolean | undefined
  /** File that names the classes, see `resolveClassNames`; by default the folders' names do. */
  readonly classNames?: string | undefined
  /** Share of each class kept for testing where the folder has no `test` of its own; 0.3 by default. */
  readonly testFraction?: number | undefined
  /** Whether the EXIF orientation of photos is applied. Default: `apply`. */
  readonly exif?: Exif | undefined
  /** Told while images are read what was made of unusual ones. */
  readonly onWarning?: ((warning: DataWarning) => void) | undefined
}

export interface FolderDataset extends Dataset {
  /** Class folder of every class, in label order. */
  readonly folders: readonly string[]
  readonly warnings: readonly DataWarning[]
}

type Part = 'train' | 'val' | 'test'
const partNames: readonly Part[] = ['train', 'val', 'test']

/** Names of the images of one class in one part. */
interface ClassImages {
  readonly part: Part
  readonly folder: string
  readonly place: ImageFolder
  /** Or of its clips. */
  readonly images: readonly string[]
  /** Files of other types. */
  readonly others: readonly string[]
}

/**
 * Opens a folder of images, one folder per class: `root/<class>/*`, or `root/train/<class>/*` with
 * `root/test/<class>/*` and perhaps `root/val/<class>/*`. Classes are numbered in code-point order of their folders'
 * names. Nothing is decoded yet.
 *
 * Where there is no `test`, `val` is measured in its place; without both, `testFraction` of every class is kept for
 * testing: those files whose paths hash lowest. The choice depends on the files' names alone, so every run and every seed has the same test images.
 *
 * Of clips, a class folder holds video files, or folders of frames, or both.
 *
 * @throws DataError when there is nothing to use: no folder, no class folders, a class folder without images;
 *   MissingToolError where there are video files and no ffmpeg
 */
export async function openFolder(root: string, options: FolderOptions = {}): Promise<FolderDataset> {
  const testFraction = checkedFraction(options.testFraction)
  const read = await folderReader(root)
  const { exif = 'apply', clips = false, onWarning } = options
  const { found, ignored } = await readParts(
    root,
    read,
    ownPhotos(exif, onWarning),
    clips ? theClips : thePictures,
  )
  if (clips && found.some(({ images }) => images.some(isVideo))) await checkFfmpeg()
  const folders = [...new Set(found.map(({ folder }) => folder))].sort(compareCodePoints)
  const classNames = await resolveClassNames(folders, options.classNames)

  const Item = clips ? ClipDatum : FileDatum
  const data = (part: Part): Datum[] =>
    folders.flatMap((folder, label) => {
      const entries = found.filter((entry) => entry.part === part && entry.folder === folder)
      return entries.flatMap(({ place, images }) => images.map((name) => new Item(place, name, label)))
    })
  const listed = { train: data('train'), val: data('val'), test: data('test') }
  const { parts, warnings } = usedParts(listed, root, testFraction, classAndFile)
  return {
    name: basename(resolve(root)),
    classNames,
    folders,
    exif,
    ...parts,
    warnings: [...ignored, ...otherFiles(found), ...warnings, ...missingImages(folders, parts)],
  }
}

const classAndFile = ({ source }: Datum): string[] => [basename(dirname(source)), basename(source)]

async function readParts(
  root: string,
  read: FolderReader,
  reading: Reading,
  items: ItemsOf,
): Promise<{ found: ClassImages[]; ignored: DataWarning[] }> {
  const top = await read(root)
  if (top.folders.length === 0) throw nothingIn(root, top.images.length, top.others.length)
  const ignored: DataWarning[] = []
  if (top.images.length > 0) ignored.push(looseImages(root, top.images))

  const parts = await partsOf(root, top.folders, read)
  if (parts.length === 0)
    return {
      found: await readClasses(root, top.folders, 'train', { read, reading, items, ignored }),
      ignored,
    }

  const found: ClassImages[] = []
  for (const part of parts) {
    const path = join(root, part)
    const { folders, images } = await read(path)
    if (images.length > 0) ignored.push(looseImages(path, images))
    found.push(...(await readClasses(path, folders, part, { read, reading, items, ignored })))
  }
  for (const folder of top.folders.filter((name) => !parts.includes(name as Part))) {
    const message = `${join(root, folder)} is ignored: ${root} is read as ${parts.join(', ')}`
    ignored.push({ kind: 'ignored', message })
  }
  return { found, ignored }
}

/** Folders that are parts of a data set, not classes of that name: `train` or `test` that hold folders. */
async function partsOf(root: string, folders: readonly string[], read: FolderReader): Promise<Part[]> {
  const parts: Part[] = []
  for (const part of partNames) {
    if (folders.includes(part) && (await read(join(root, part))).folders.length > 0) parts.push(part)
  }
  return parts.includes('train') || parts.includes('test') ? parts : []
}

async function readClasses(
  path: string,
  folders: readonly string[],
  part: Part,
  {
    read,
    reading,
    items,
    ignored,
  }: { read: FolderReader; reading: Reading; items: ItemsOf; ignored: DataWarning[] },
): Promise<ClassImages[]> {
  const classes: ClassImages[] = []
  for (const folder of folders) {
    const place = new ImageFolder(join(path, folder), '', undefined, reading)
    classes.push({ part, folder, place, ...(await items(path, folder, read, ignored)) })
  }
  return classes
}

/** What a class folder holds. Throws DataError where there is none of it. */
type ItemsOf = (
  parent: string,
  folder: string,
  read: FolderReader,
  ignored: DataWarning[],
) => Promise<Pick<ClassImages, 'images' | 'others'>>

const thePictures: ItemsOf = async (parent, folder, read, ignored) => {
  const path = join(parent, folder)
  const { images, others, folders: inner } = await read(path)
  if (images.length === 0) throw await noImages(parent, folder, inner, others, read)
  for (const below of inner) {
    const lost = (await read(join(path, below))).images
    if (lost.length > 0) ignored.push(deepImages(join(path, below), lost))
  }
  return { images, others }
}

const theClips: ItemsOf = async (parent, folder, read, ignored) => {
  const path = join(parent, folder)
  const { images, others, folders: inner } = await read(path)
  const listings = await Promise.all(inner.map((name) => read(join(path, name))))
  const ofFrames = inner.filter((_, i) => listings[i]!.images.length > 0)
  for (const [i, name] of inner.entries()) {
    if (!ofFrames.includes(name)) ignored.push(noFrames(join(path, name), listings[i]!.folders.length))
  }
  if (images.length > 0) ignored.push(loosePictures(path, images))
  const clips = [...others.filter(isVideo), ...ofFrames].sort(compareCodePoints)
  if (clips.length === 0) throw noClips(path, images.length)
  return { images: clips, others: others.filter((name) => !isVideo(name)) }
}

function noFrames(path: string, folders: number): DataWarning {
  const message = `${path}: ${folders > 0 ? 'folders, but no' : 'no'} frames in it; it is no clip, and ignored`
  return { kind: 'ignored', message }
}

function loosePictures(path: string, images: readonly string[]): DataWarning {
  const message = `${path}: ${counted(images.length, 'picture')} beside clips ignored (such as ${images[0]}); a clip has a folder of its own`
  return { kind: 'ignored', message }
}

function noClips(path: string, pictures: number): DataError {
  return new DataError(
    `class folder ${path}: ${pictures > 0 ? `${counted(pictures, 'picture')}, but no clips` : 'no clips'}`,
    {
      hint:
        pictures > 0
          ? 'Give each clip a folder of its frames, or leave --frames out to read pictures.'
          : `Put videos there (${videoEndings.slice(0, 4).join(', ')}, …), or a folder of frames for each clip.`,
    },
  )
}

/** Warnings for the classes that a part of a data set leaves out; `what` is what a class is called there. */
export function missingImages(
  folders: readonly string[],
  { train, test }: Pick<Dataset, 'train' | 'test'>,
  what = 'class folder',
): DataWarning[] {
  const warnings: DataWarning[] = []
  const trained = new Set(train.map(({ label }) => label))
  const tested = new Set(test.map(({ label }) => label))
  for (const [label, folder] of folders.entries()) {
    if (trained.size > 0 && !trained.has(label)) {
      warnings.push({
        kind: 'no-training-images',
        message: `${what} "${folder}" has no training images`,
      })
    }
    if (tested.size > 0 && !tested.has(label)) {
      warnings.push({ kind: 'no-test-images', message: `${what} "${folder}" has no test images` })
    }
  }
  return warnings
}

function otherFiles(found: readonly ClassImages[]): DataWarning[] {
  const others = found.flatMap(({ place, others }) => others.map((name) => place.pathOf(name)))
  if (others.length === 0) return []
  const message = `${counted(others.length, 'file')} of other types than images ignored (such as ${others[0]})`
  return [{ kind: 'ignored', message }]
}

function looseImages(path: string, images: readonly string[]): DataWarning {
  const message = `${path}: ${counted(images.length, 'image')} outside class folders ignored (such as ${images[0]})`
  return { kind: 'ignored', message }
}

function deepImages(path: string, images: readonly string[]): DataWarning {
  const message = `${path}: ${counted(images.length, 'image')} below a class folder ignored (such as ${images[0]}); move them up to use them`
  return { kind: 'ignored', message }
}

function nothingIn(root: string, images: number, others: number): DataError {
  const content =
    images > 0
      ? `${counted(images, 'image')}, but no class folders`
      : `${others > 0 ? 'no class folders' : 'is empty'}; expected one folder of images per class`
  return new DataError(`data folder ${root}: ${content}`, {
    hint: `Put the images of each class into a folder of its own: ${join(root, '<class>', 'photo.jpg')}.`,
  })
}

/** A class folder without images: often the folder above, or one whose parts go by other names, was given. */
async function noImages(
  parent: string,
  folder: string,
  inner: readonly string[],
  others: readonly string[],
  read: FolderReader,
): Promise<DataError> {
  const path = join(parent, folder)
  const content =
    inner.length > 0
      ? `${counted(inner.length, 'folder')}, but no images of its own`
      : `no images${otherTypes(others)}`
  const error = (hint: string) => new DataError(`class folder ${path}: ${content}`, { hint })
  if (others.some(isVideo)) return error('To read videos, say how many frames of each: --frames 8.')
  const part = otherPartNames[folder.toLowerCase()]
  if (part && inner.length > 0) {
    return error(`If it holds the ${part} images of every class, call it ${join(parent, part)}.`)
  }
  const listings = await Promise.all(inner.map((name) => read(join(path, name))))
  if (inner.length > 0 && listings.every(({ images }) => images.length > 0)) {
    return error(`Its folders hold images: did you mean ${path}?`)
  }
  return error(`Images end in ${pictureEndings.join(', ')}; put some there, or remove the folder.`)
}

/** What others call the parts. */
const otherPartNames: Readonly<Record<string, Part>> = {
  train: 'train',
  training: 'train',
  test: 'test',
  testing: 'test',
  val: 'val',
  valid: 'val',
  validation: 'val',
}

function otherTypes(others: readonly string[]): string {
  return others.length === 0 ? '' : ` (${counted(others.length, 'other file')}, such as ${others[0]})`
}
