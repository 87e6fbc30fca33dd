import { datasetTemplate } from '../../core/clip/templates.js'
import type { Part } from '../../core/data/dataset.js'
import type { DataError } from '../../core/errors.js'
import type { DatasetSource, SourceFile } from '../data/dataset-source.js'
import { finishDataset } from './finish.js'
import { checkLists, type LabelledPath } from './labelled-lists.js'
import { SourceFolder } from './source-folder.js'

const classFile = 'variants.txt'
const archive = 'https://www.robots.ox.ac.uk/~vgg/data/fgvc-aircraft/archives/fgvc-aircraft-2013b.tar.gz'
const listOf = (part: Part) => `images_variant_${part}.txt`

const facts = {
  name: 'FGVCAircraft',
  alias: 'fgvc_aircraft',
  title: 'FGVC Aircraft (2013b)',
  folder: 'fgvc_aircraft',
  template: datasetTemplate('FGVCAircraft'),
  home: 'https://www.robots.ox.ac.uk/~vgg/data/fgvc-aircraft/',
  counts: { classes: 100, train: 3334, val: 3333, test: 3333 },
} as const

const files: readonly SourceFile[] = [
  { path: 'images', kind: 'folder', needed: 'always', what: 'images', from: archive },
  { path: classFile, kind: 'file', needed: 'always', what: 'class names', from: archive },
  { path: listOf('train'), kind: 'file', needed: 'always', what: 'training images', from: archive },
  { path: listOf('val'), kind: 'file', needed: 'always', what: 'validation images', from: archive },
  { path: listOf('test'), kind: 'file', needed: 'always', what: 'test images', from: archive },
]

/** The makers' own three lists are what results are published on; there is no split file. */
export const fgvcAircraft: DatasetSource = {
  ...facts,
  files,
  async open({ root }) {
    const folder = await SourceFolder.open(root, facts)
    const images = await folder.images('images')
    const names = (await folder.lines(classFile)).map(({ text }) => text)
    const labels = new Map(names.map((name, label) => [name, label]))
    const lists = {
      train: await readList(folder, 'train', labels),
      val: await readList(folder, 'val', labels),
      test: await readList(folder, 'test', labels),
    }
    const problem = (part: Part, index: number, message: string): DataError =>
      folder.problem(listOf(part), `, image ${index + 1}: ${message}`)
    const checked = checkLists(lists, images, problem, (label) =>
      folder.problem(classFile, `: "${names[label]}" has no images`),
    )
    return finishDataset(facts, checked, 'original annotations')
  },
}

/** Lines of image number and class name, such as `1025794 707-320`. */
async function readList(
  folder: SourceFolder,
  part: Part,
  labels: ReadonlyMap<string, number>,
): Promise<LabelledPath[]> {
  return (await folder.lines(listOf(part))).map((line) => {
    const [, image, className] = /^(\S+) (.+)$/.exec(line.text) ?? []
    const label = className === undefined ? undefined : labels.get(className)
    if (image === undefined || className === undefined || label === undefined) {
      throw folder.badLine(listOf(part), line, `an image and a class of ${classFile}`)
    }
    return { path: `${image}.jpg`, label, className }
  })
}
