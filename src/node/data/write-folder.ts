import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { Dataset } from '../../core/data/dataset.js'
import { UserError } from '../../core/errors.js'
import { writeFileAtomic } from '../files/atomic.js'

/**
 * Writes a data set as PNG files, `folder/train/<class>/…` and `folder/test/<class>/…`; returns how many.
 *
 * @throws UserError where the folder holds anything but these classes
 */
export async function writeToyFolder(
  folder: string,
  { train, test, classNames }: Dataset,
  onImage?: (written: number) => void,
): Promise<number> {
  const folderOf = (label: number) => classNames[label]!.replaceAll(' ', '_')
  await refuseOthers(
    folder,
    classNames.map((_, label) => folderOf(label)),
  )
  const { default: sharp } = await import('sharp')
  let written = 0
  for (const [part, data] of Object.entries({ train, test })) {
    for (const { label, source, load } of data) {
      const { width, height, data: pixels } = await load()
      const png = await sharp(pixels, { raw: { width, height, channels: 3 } })
        .png()
        .toBuffer()
      const file = source.split('/').at(-1)!
      await writeFileAtomic(join(folder, part, folderOf(label), file), png)
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
