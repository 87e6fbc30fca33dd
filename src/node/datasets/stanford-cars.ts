import { datasetTemplate } from '../../core/clip/templates.js'
import { divideTraining } from './divide.js'
import type { LabelledPath } from './labelled-lists.js'
import type { MatValue } from './mat/mat-values.js'
import type { SourceFolder } from './source-folder.js'
import { splitSource } from './split-source.js'

const meta = 'devkit/cars_meta.mat'
const trainAnnotations = 'devkit/cars_train_annos.mat'
const testAnnotations = 'cars_test_annos_withlabels.mat'
const devkit = 'https://ai.stanford.edu/~jkrause/cars/car_devkit.tgz'

export const stanfordCars = splitSource({
  name: 'StanfordCars',
  alias: 'stanford_cars',
  title: 'Stanford Cars',
  folder: 'stanford_cars',
  template: datasetTemplate('StanfordCars'),
  home: 'https://ai.stanford.edu/~jkrause/cars/car_dataset.html',
  counts: { classes: 196, train: 6509, val: 1635, test: 8041 },
  images: '',
  imageFolders: ['cars_train', 'cars_test'],
  splitFrom: 'https://drive.google.com/file/d/1ObCFbaAgVu0I-k_Au-gIUcefirdAuizT/view',
  annotations: [
    { path: meta, what: 'class names', from: devkit },
    { path: trainAnnotations, what: 'classes of the training images', from: devkit },
    {
      path: testAnnotations,
      orAt: `devkit/${testAnnotations}`,
      what: 'classes of the test images; devkit/ is looked into as well',
      from: 'http://ai.stanford.edu/~jkrause/car196/cars_test_annos_withlabels.mat',
    },
  ],
  async original({ folder }) {
    const names = await classNames(folder)
    const testFile = (await folder.has(testAnnotations)) ? testAnnotations : `devkit/${testAnnotations}`
    const test = await readList(folder, testFile, 'cars_test', names)
    return divideTraining(await readList(folder, trainAnnotations, 'cars_train', names), test)
  },
})

/** Names such as "AM General Hummer SUV 2000" with the year first. */
async function classNames(folder: SourceFolder): Promise<string[]> {
  const names = (await folder.mat(meta)).get('class_names')
  if (names?.kind !== 'cells') throw folder.problem(meta, ': no cells "class_names"')
  return names.cells.map((cell, i) => {
    if (cell.kind !== 'text') throw folder.problem(meta, `, class_names ${i + 1}: is no text`)
    const words = cell.text.split(' ')
    return [words.at(-1), ...words.slice(0, -1)].join(' ')
  })
}

async function readList(
  folder: SourceFolder,
  file: string,
  images: string,
  names: readonly string[],
): Promise<LabelledPath[]> {
  const annotations = (await folder.mat(file)).get('annotations')
  if (annotations?.kind !== 'structs') throw folder.problem(file, ': no structure "annotations"')
  return annotations.records.map((record, i) => {
    const number = numberOf(record.get('class'))
    const name = record.get('fname')
    const className = number === undefined ? undefined : names[number - 1]
    if (className === undefined || name?.kind !== 'text') {
      throw folder.problem(
        file,
        `, annotations ${i + 1}: expected "fname" with a file's name and "class" with a number from 1 to ${names.length}`,
      )
    }
    return { path: `${images}/${name.text}`, label: number! - 1, className }
  })
}

function numberOf(value: MatValue | undefined): number | undefined {
  return value?.kind === 'numbers' && value.values.length === 1 ? value.values[0] : undefined
}
