import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { Dataset } from '../../core/data/dataset.js'
import { UserError } from '../../core/errors.js'
import type { RgbImage } from '../../core/image/resize.js'
import { writeFileAtomic } from '../files/atomic.js'
import { checkFfmpeg, encodeVideo } from '../video/ffmpeg.js'

/**
 * Writes a data set as PNG files, `folder/train/<class>/…` and `folder/test/<class>/…`; returns how many images or clips. A
 * clip becomes a folder of its frames, or a video.
 *
 * @param videos clips become videos (.mp4); this needs ffmpeg
 * @throws UserError where the folder holds anything but these classes, MissingToolError without ffmpeg
 */
export async function writeToyFolder(
  folder: string,
  { train, test, classNames }: Dataset,
  {
    videos = false,
    onImage,
  }: { readonly videos?: boolean; readonly onImage?: (written: number) => void } = {},
): Promise<number> {
  if (videos) await checkFfmpeg()
  const folderOf = (label: number) => classNames[label]!.replaceAll(' ', '_')
  await refuseOthers(
    folder,
    classNames.map((_, label) => folderOf(label)),
  )
  const { default: sharp } = await import('sharp')
  const png = ({ width, height, data }: RgbImage) =>
    sharp(data, { raw: { width, height, channels: 3 } })
      .png()
      .toBuffer()
  let written = 0
  for (const [part, data] of Object.entries({ train, test })) {
    for (const { label, source, load, clip } of data) {
      const path = join(folder, part, folderOf(label), source.split('/').at(-1)!)
      if (!clip) await writeFileAtomic(path, await png(await load()))
      else {
        const frames = await clip.load(Array.from({ length: await clip.count() }, (_, i) => i))
        if (videos) await writeFileAtomic(`${path}.mp4`, await encodeVideo(frames))
        else
          for (const [i, frame] of frames.entries())
            await writeFileAtomic(join(path, `frame-${String(i + 1).padStart(4, '0')}.png`), await png(frame))
      }
      onImage?.(++written)
    }
  }
  return written
}

/** Drawn pictures among one's own photos would become classes of them. */
async function refuseOthers(folder: string, classFolders: readonly string[]): Promise<void> {
  const parts = await namesIn(folder)
  const within = parts.map(async (part) =>
    part === 'train' || part === 'test'
      ? (await namesIn(join(folder, part)))
          .filter((name) => !classFolders.includes(name))
          .map((name) => join(part, name))
      : [part],
  )
  const [other] = (await Promise.all(within)).flat()
  if (other === undefined) return
  throw new UserError(`${folder} holds other files already: ${other}`, {
    hint: 'Name a folder that is new or empty.',
  })
}

async function namesIn(folder: string): Promise<string[]> {
  const names = await readdir(folder).catch((cause: NodeJS.ErrnoException) => {
    if (cause.code === 'ENOENT') return []
    throw new UserError(`${folder} cannot be read as a folder (${cause.code})`, {
      hint: 'Name a folder that is new or empty.',
      cause,
    })
  })
  return names.filter((name) => !name.startsWith('.'))
}
