import type { DataWarning } from '../../core/data/dataset.js'
import { DataError } from '../../core/errors.js'
import type { DatasetSource, OpenContext, SourceFile } from '../data/dataset-source.js'
import type { ImageFolder } from '../data/image-folder.js'
import { listClassFolders } from './class-folders.js'
import type { Lists } from './divide.js'
import { finishDataset } from './finish.js'
import { checkLists, type LabelledPath } from './labelled-lists.js'
import { SourceFolder } from './source-folder.js'
import { readSplitFile } from './split-file.js'

/** What the makers' annotations are read from. */
export interface OriginalContext {
  readonly folder: SourceFolder
  readonly images: ImageFolder
  /**
   * Images of the class folders, which are sorted by name and numbered from 0.
   *
   * @param nameOf class name of a folder; its own name by default, undefined for a folder that is no class
   */
  classFolders(nameOf?: (folder: string) => string | undefined): Promise<LabelledPath[]>
}

/** A data set whose published split is a file of its own. */
export interface SplitSource extends Omit<DatasetSource, 'open' | 'files'> {
  /** Folder that the paths in the split file and in the annotations are relative to. */
  readonly images: string
  /** Folders of images where they are not `images` itself. */
  readonly imageFolders?: readonly string[]
  /** Address of the images. */
  readonly imagesFrom?: string
  /** Address of the split file. */
  readonly splitFrom: string
  /** The makers' annotations; none where the folders are all there is. */
  readonly annotations?: readonly Omit<SourceFile, 'kind' | 'needed'>[]
  /** Reads the makers' annotations as the reference does. */
  original(context: OriginalContext): Promise<Lists>
}

/** A reader that takes the published split file where there is one, and the makers' annotations otherwise. */
export function splitSource(source: SplitSource): DatasetSource {
  const {
    images,
    imageFolders = [images],
    imagesFrom,
    splitFrom,
    annotations = [],
    original,
    ...facts
  } = source
  const splitFile = `split_zhou_${facts.name}.json`
  const from = imagesFrom === undefined ? {} : { from: imagesFrom }
  return {
    ...facts,
    files: [
      ...imageFolders.map(
        (path): SourceFile => ({ path, kind: 'folder', needed: 'always', what: 'images', ...from }),
      ),
      {
        path: splitFile,
        kind: 'file',
        needed: 'never',
        what: 'the published split; without it the split is another one',
        from: splitFrom,
      },
      ...annotations.map((file): SourceFile => ({ ...file, kind: 'file', needed: 'without split file' })),
    ],
    async open(context) {
      const folder = await SourceFolder.open(context.root, facts)
      for (const other of imageFolders) if (other !== images) await folder.images(other)
      const imageFolder = await folder.images(images)
      if (await folder.has(splitFile)) {
        return finishDataset(facts, await readSplitFile(folder, splitFile, imageFolder), 'split file')
      }
      const warnings: DataWarning[] = [
        {
          kind: 'own-split',
          message:
            `${facts.name}: ${folder.path} has no ${splitFile}, so a fixed shuffle divides the images;` +
            ` only the published split reproduces published results. It is at ${splitFrom}`,
        },
      ]
      const lists = await original(originalContext(folder, imageFolder, context, warnings))
      const problem = (part: string, index: number, message: string) =>
        new DataError(`${folder.path}, ${part} image ${index + 1}: ${message}`)
      const checked = checkLists(lists, imageFolder, problem, (label, labels) =>
        folder.problem(
          '',
          `: ${labels} labels, but no image has label ${label}; expected 0 to ${labels - 1}`,
        ),
      )
      return finishDataset(facts, checked, 'original annotations', warnings)
    },
  }
}

function originalContext(
  folder: SourceFolder,
  images: ImageFolder,
  context: OpenContext,
  warnings: DataWarning[],
): OriginalContext {
  return {
    folder,
    images,
    async classFolders(nameOf = (name) => name) {
      const listed = await listClassFolders(images, {
        ...context,
        isClass: (name) => nameOf(name) !== undefined,
      })
      warnings.push(...listed.warnings)
      return listed.classes.flatMap(({ name, images }, label) =>
        images.map((file) => ({ path: `${name}/${file}`, label, className: nameOf(name)! })),
      )
    },
  }
}
