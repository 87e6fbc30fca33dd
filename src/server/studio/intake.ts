import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { open, readdir, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import sharp from 'sharp'
import { ImageError } from '../../core/errors.js'
import { identifyImage } from '../../core/image/image-format.js'
import { examplePictures } from '../../core/studio/example.js'
import { safeFileName } from '../../core/studio/names.js'
import type { AddedPicture } from '../../core/studio/place.js'
import { decodePhoto } from '../../node/data/reading.js'
import { syncFolder, writeError, writeFileAtomic } from '../../node/files/atomic.js'
import { isPicture } from '../../node/files/picture-names.js'
import { emojiArt } from '../../node/world/emoji-art.js'
import { Refusal } from '../refusal.js'
import { incomingName, type ProjectFolder } from './project-folder.js'

/** What pictures may be. */
export interface IntakeLimits {
  /** Bytes of a file. */
  readonly pictureBytes: number
  readonly classPictures: number
}

/** A picture on its way. */
export interface Arriving {
  readonly classId: string
  /** As the person's file is called. */
  readonly name: string
  readonly body: AsyncIterable<Uint8Array>
}

/** Bytes of which a file's kind can be told. */
const HEAD = 4096

/**
 * Takes a picture into a class: it is written beside the photos, looked at, made durable and put in place by a rename, so that
 * nothing half is ever among them.
 *
 * @throws Refusal where it is too large or one too many; ImageError where it is no picture; UserError on a full disk
 */
export async function takePicture(
  project: ProjectFolder,
  { classId, name: given, body }: Arriving,
  { pictureBytes, classPictures }: IntakeLimits,
): Promise<AddedPicture> {
  const folder = await project.classFolder(classId)
  const name = safeFileName(given)
  const temporary = join(project.incoming, incomingName())
  try {
    const { head, bytes, hash } = await receive(temporary, body, pictureBytes, name)
    if (bytes === 0) throw new Refusal(400, `${name} is empty`)
    await decodePhoto(temporary, { name }).catch((error) => {
      if (error instanceof ImageError) throw new Refusal(422, error.message.replace(temporary, name))
      throw error
    })
    return await project.inTurn(async () => {
      const known = await sameFile(project, bytes, hash)
      if (known) return { outcome: 'known', where: known }
      const there = (await readdir(folder)).filter(isPicture).length
      if (there >= classPictures) {
        throw new Refusal(422, `“${classId}” has ${there} pictures, which is as many as a class may have`)
      }
      const free = await project.freeIn(folder, isPicture(name) ? name : name + endingOf(head))
      const path = join(folder, free)
      await rename(temporary, path).catch((cause) => {
        throw writeError(path, cause)
      })
      await syncFolder(folder)
      return { outcome: 'added', name: free }
    })
  } finally {
    await rm(temporary, { force: true })
  }
}

/** Writes the pictures of the example into the project; those that are there stay. */
export async function addExample(project: ProjectFolder): Promise<void> {
  await project.inTurn(async () => {
    const there = new Map((await project.read()).classes.map(({ name, pictures }) => [name, pictures]))
    for (const { className, name, load } of examplePictures(emojiArt)) {
      if (there.get(className)?.includes(name)) continue
      const { width, height, data } = await load()
      const png = await sharp(data, { raw: { width, height, channels: 3 } })
        .png()
        .toBuffer()
      await writeFileAtomic(join(project.photos, className, name), png)
    }
  })
}

async function receive(path: string, body: AsyncIterable<Uint8Array>, most: number, name: string) {
  const handle = await open(path, 'wx').catch((cause) => {
    throw writeError(path, cause)
  })
  const digest = createHash('sha256')
  let bytes = 0
  let head = new Uint8Array(0)
  try {
    for await (const part of body) {
      bytes += part.length
      if (bytes > most) throw tooLarge(name, most)
      if (head.length < HEAD) head = new Uint8Array([...head, ...part.subarray(0, HEAD)])
      digest.update(part)
      await handle.writeFile(part).catch((cause) => {
        throw writeError(name, cause)
      })
    }
    await handle.sync()
  } finally {
    await handle.close()
  }
  return { head, bytes, hash: digest.digest('hex') }
}

/** What is said of a picture of too many bytes. */
export const tooLarge = (name: string, most: number): Refusal =>
  new Refusal(413, `${name} is larger than ${Math.round(most / 1e6)} MB`, { connection: 'close' })

/** The picture of the project that has the same bytes. */
async function sameFile(project: ProjectFolder, bytes: number, hash: string) {
  const { classes } = await project.read()
  for (const { id, pictures } of classes) {
    for (const name of pictures) {
      const path = join(project.photos, id, name)
      if ((await stat(path).catch(() => undefined))?.size !== bytes) continue
      if ((await hashOf(path)) === hash) return { classId: id, name }
    }
  }
  return undefined
}

async function hashOf(path: string): Promise<string> {
  const digest = createHash('sha256')
  for await (const part of createReadStream(path)) digest.update(part as Buffer)
  return digest.digest('hex')
}

const endings: Readonly<Record<string, string>> = { JPEG: '.jpg', TIFF: '.tif', 'JPEG XL': '.jxl' }

/** An ending for a picture whose name has none that tells. */
function endingOf(head: Uint8Array): string {
  const { kind } = identifyImage(head)
  return kind === undefined ? '' : (endings[kind] ?? `.${kind.toLowerCase()}`)
}
