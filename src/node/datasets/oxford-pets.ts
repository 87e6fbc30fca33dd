import { datasetTemplate } from '../../core/clip/templates.js'
import { divideTraining } from './divide.js'
import type { LabelledPath } from './labelled-lists.js'
import type { SourceFolder } from './source-folder.js'
import { splitSource } from './split-source.js'

const annotationsFrom = 'https://www.robots.ox.ac.uk/~vgg/data/pets/data/annotations.tar.gz'
const trainval = 'annotations/trainval.txt'
const test = 'annotations/test.txt'

export const oxfordPets = splitSource({
  name: 'OxfordPets',
  alias: 'oxford_pets',
  title: 'Oxford-IIIT Pets',
  folder: 'oxford_pets',
  template: datasetTemplate('OxfordPets'),
  home: 'https://www.robots.ox.ac.uk/~vgg/data/pets/',
  counts: { classes: 37, train: 2944, val: 736, test: 3669 },
  images: 'images',
  imagesFrom: 'https://www.robots.ox.ac.uk/~vgg/data/pets/data/images.tar.gz',
  splitFrom: 'https://drive.google.com/file/d/1501r8Ber4nNKvmlFVQZ8SeUHTcdTTEqs/view',
  annotations: [
    { path: trainval, what: 'training images and their breeds', from: annotationsFrom },
    { path: test, what: 'test images and their breeds', from: annotationsFrom },
  ],
  original: async ({ folder }) =>
    divideTraining(await readList(folder, trainval), await readList(folder, test)),
})

/** Lines of image name, class number from 1, species and breed within the species. */
async function readList(folder: SourceFolder, file: string): Promise<LabelledPath[]> {
  return (await folder.lines(file)).map((line) => {
    const [, name, number] = /^(\S+) ([1-9]\d*) \d+ \d+$/.exec(line.text) ?? []
    if (name === undefined) throw folder.badLine(file, line, '"<image> <class number> <species> <breed>"')
    const className = name.replace(/_[^_]*$/, '').toLowerCase()
    return { path: `${name}.jpg`, label: Number(number) - 1, className }
  })
}
