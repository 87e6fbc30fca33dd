import { cp, mkdir, readdir, rename } from 'node:fs/promises'
import { join } from 'node:path'
import { photoFolder } from './photo-folder.js'

/**
 * Writes `folder/<part>/<class>/<n>/<frame>.png`: each picture of {@link photoFolder} as a clip whose second frame is the
 * picture after it.
 */
export async function clipFolder(folder: string): Promise<string> {
  await photoFolder(folder)
  for (const part of ['train', 'test']) {
    for (const name of await readdir(join(folder, part))) {
      const inClass = (...path: string[]) => join(folder, part, name, ...path)
      const pictures = (await readdir(inClass())).sort()
      for (const [n] of pictures.entries()) {
        await mkdir(inClass(`${n}`))
        await cp(inClass(pictures[(n + 1) % pictures.length]!), inClass(`${n}`, '2.png'))
      }
      for (const [n, picture] of pictures.entries()) await rename(inClass(picture), inClass(`${n}`, '1.png'))
    }
  }
  return folder
}
