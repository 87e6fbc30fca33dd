import { join } from 'node:path'
import { tidyClassName } from '../../core/clip/templates.js'
import type { SourceFile } from '../data/dataset-source.js'
import { FileDatum } from '../data/file-datum.js'
import type { ImageFolder } from '../data/image-folder.js'
import type { ClassFolder } from './folder-index.js'
import { SourceFolder } from './source-folder.js'

const classNamesFile = 'classnames.txt'

export const classNamesEntry: SourceFile = {
  path: classNamesFile,
  kind: 'file',
  needed: 'always',
  what: 'lines of a class folder (such as n01440764) and its class name; CLIP’s names',
  from: 'https://drive.google.com/file/d/1-61f_ol79pViBFDG_IDlUQSwoLcn2XXF/view',
}

/** ImageNet's class names by class folder, in the order of their file. */
export class ImageNetClasses {
  private constructor(
    private readonly names: ReadonlyMap<string, string>,
    private readonly problem: (message: string) => Error,
  ) {}

  /**
   * Reads `classnames.txt` of a data set, or that of `imagenet` beside it.
   *
   * @throws DataError when neither is there, or a line is not a folder and a name
   */
  static async read(folder: SourceFolder, root: string): Promise<ImageNetClasses> {
    const own = await folder.has(classNamesFile)
    const holder = own ? folder : await beside(folder, root)
    const names = new Map<string, string>()
    for (const line of await holder.lines(classNamesFile)) {
      const [, key, name] = /^(\S+)\s+(.+)$/.exec(line.text) ?? []
      if (key === undefined || name === undefined) {
        throw holder.badLine(classNamesFile, line, 'a class folder and a class name')
      }
      if (names.has(key)) throw holder.badLine(classNamesFile, line, `"${key}" once`)
      names.set(key, tidyClassName(name))
    }
    return new ImageNetClasses(names, (message) => holder.problem(classNamesFile, message))
  }

  /** Class folders in the order of the file; ImageNetV2's labels are places in it. */
  get folders(): readonly string[] {
    return [...this.names.keys()]
  }

  /** @throws DataError when the file does not name the folder's class */
  nameOf(folder: string): string {
    const name = this.names.get(folder)
    if (name === undefined) throw this.problem(`: no line for the class folder "${folder}"`)
    return name
  }
}

async function beside(folder: SourceFolder, root: string): Promise<SourceFolder> {
  const home = 'https://image-net.org'
  const imageNet = await SourceFolder.open(root, { name: 'ImageNet', folder: 'imagenet', home }).catch(
    () => undefined,
  )
  if (imageNet && (await imageNet.has(classNamesFile))) return imageNet
  const other = join(root, 'imagenet', classNamesFile)
  const nor = other === join(folder.path, classNamesFile) ? '' : `, nor does ${other}`
  throw folder.problem(classNamesFile, `: does not exist${nor}; expected ImageNet's class names there`)
}

/** The images of class folders, labelled by the folders' places in `order`. */
export function dataOf(
  classes: readonly ClassFolder[],
  images: ImageFolder,
  order: readonly string[],
): FileDatum[] {
  const labels = new Map(order.map((name, label) => [name, label]))
  const data: FileDatum[] = []
  for (const { name, images: files } of classes) {
    const folder = images.within(name)
    const label = labels.get(name)!
    for (const file of files) data.push(new FileDatum(folder, file, label))
  }
  return data
}
