import { statSync } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { extname, join } from 'node:path'
import type { Datum, FrameSource, ImageFile } from '../../core/data/dataset.js'
import { ImageError } from '../../core/errors.js'
import type { RgbImage } from '../../core/image/resize.js'
import { readImageFile } from '../data/decode.js'
import type { ImageFolder } from '../data/image-folder.js'
import { compareCodePoints } from '../data/listing.js'
import { decodePhoto } from '../data/reading.js'
import { isLeftover, isPicture } from '../files/picture-names.js'
import { countFrames, decodeFrames } from './ffmpeg.js'

/** Endings of video files; what ffmpeg makes of them shows when they are read. */
export const videoEndings: readonly string[] = [
  ...[
    '.mp4',
    '.m4v',
    '.mov',
    '.webm',
    '.mkv',
    '.avi',
    '.mpg',
    '.mpeg',
    '.wmv',
    '.flv',
    '.ogv',
    '.3gp',
    '.ts',
  ],
]

/** Whether a file is a video, by its name. */
export const isVideo = (name: string): boolean => videoEndings.includes(extname(name).toLowerCase())

/** The frames of a clip with the bytes that they come from. */
export interface ClipSource extends FrameSource {
  /** All that the frames depend on. */
  read(): Promise<Uint8Array>
}

/** A clip at a path: a video file, or a folder of pictures that are its frames. */
export const clipAt = (path: string): ClipSource => (isVideo(path) ? videoFile(path) : frameFolder(path))

/** The clip at a path that is a video's or a folder's; undefined for any other, such as a picture's. */
export const maybeClipAt = (path: string): ClipSource | undefined =>
  isVideo(path) || statSync(path, { throwIfNoEntry: false })?.isDirectory() ? clipAt(path) : undefined

/** The middle frame of a clip: what stands for it where one picture is shown. */
export async function middleFrame(clip: FrameSource): Promise<RgbImage> {
  const [frame] = await clip.load([Math.floor((await clip.count()) / 2)])
  return frame!
}

function videoFile(path: string): ClipSource {
  const count = once(() => countFrames(path))
  return {
    count,
    load: (places) => distinct(places, (each) => decodeFrames(path, each)),
    read: () => readImageFile(path),
  }
}

/** The frames of a folder in the order of the numbers in their names: `frame-2.jpg` before `frame-10.jpg`. */
function frameFolder(path: string): ClipSource {
  const names = once(async () => {
    const found = (await readdir(path).catch((cause: NodeJS.ErrnoException) => {
      throw new ImageError(`${path}: cannot be read as a folder of frames (${cause.code})`, { cause })
    })) as string[]
    const frames = found.filter((name) => isPicture(name) && !isLeftover(name))
    if (frames.length > 0) return frames.sort((a, b) => compareCodePoints(counted(a), counted(b)))
    throw new ImageError(`${path}: a clip without frames; expected pictures in its folder`, {
      hint: 'Put its frames there, such as frame-0001.jpg, or remove the folder.',
    })
  })
  return {
    count: async () => (await names()).length,
    load: async (places) => {
      const all = await names()
      const decode = (place: number) =>
        decodePhoto(join(path, all[place]!), { name: join(path, all[place]!) })
      return distinct(places, (each) => Promise.all(each.map(decode)))
    },
    async read() {
      const files = await Promise.all((await names()).map((name) => readImageFile(join(path, name))))
      const sizes = Buffer.from(JSON.stringify(files.map(({ length }) => length)))
      return new Uint8Array(Buffer.concat([sizes, ...files]))
    },
  }
}

/** A name whose numbers compare as numbers. */
const counted = (name: string): string => name.replaceAll(/\d+/g, (digits) => digits.padStart(12, '0'))

/** Each frame is decoded once, however often it is asked for. */
async function distinct(
  places: readonly number[],
  load: (places: readonly number[]) => Promise<readonly RgbImage[]>,
): Promise<RgbImage[]> {
  const each = [...new Set(places)]
  const loaded = await load(each)
  return places.map((place) => loaded[each.indexOf(place)]!)
}

/** What works out once. */
function once<T>(work: () => Promise<T>): () => Promise<T> {
  let result: Promise<T> | undefined
  return () => {
    result ??= work()
    return result
  }
}

/** The clips in a folder and below it, in code-point order; a folder that holds pictures is one. Links are not followed. */
export async function clipsIn(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch((cause: NodeJS.ErrnoException) => {
    throw new ImageError(`${folder}: cannot be read as a folder of clips (${cause.code})`, { cause })
  })
  const own = entries.filter(({ name }) => !isLeftover(name))
  if (own.some((entry) => entry.isFile() && isPicture(entry.name))) return [folder]
  const found: string[] = []
  for (const entry of own.sort((a, b) => compareCodePoints(a.name, b.name))) {
    const path = join(folder, entry.name)
    if (entry.isDirectory()) found.push(...(await clipsIn(path)))
    else if (entry.isFile() && isVideo(entry.name)) found.push(path)
  }
  return found
}

/** A clip with its label: a video file, or a folder of frames. */
export class ClipDatum implements Datum {
  readonly clip: ClipSource

  constructor(
    readonly folder: ImageFolder,
    /** Path below the folder. */
    readonly name: string,
    readonly label: number,
  ) {
    this.clip = clipAt(this.source)
  }

  get source(): string {
    return this.folder.pathOf(this.name)
  }

  /** The middle frame. @throws DataError when the clip leads out of the data set, ImageError when it cannot be decoded */
  async load(): Promise<RgbImage> {
    await this.folder.check(this.name)
    return middleFrame(this.clip)
  }

  get file(): ImageFile {
    return { reading: 'clip', read: () => this.clip.read(), decode: () => this.load() }
  }
}
