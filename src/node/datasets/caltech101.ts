import { datasetTemplate } from '../../core/clip/templates.js'
import { divideInThree } from './divide.js'
import { splitSource } from './split-source.js'

/** Clutter, and the same faces cut out closer. */
const ignored: readonly string[] = ['BACKGROUND_Google', 'Faces_easy']

const names: ReadonlyMap<string, string> = new Map([
  ['airplanes', 'airplane'],
  ['Faces', 'face'],
  ['Leopards', 'leopard'],
  ['Motorbikes', 'motorbike'],
])

export const caltech101 = splitSource({
  name: 'Caltech101',
  alias: 'caltech101',
  title: 'Caltech 101',
  folder: 'caltech-101',
  template: datasetTemplate('Caltech101'),
  home: 'https://data.caltech.edu/records/mzrjq-6wc02',
  counts: { classes: 100, train: 4128, val: 1649, test: 2465 },
  images: '101_ObjectCategories',
  splitFrom: 'https://drive.google.com/file/d/1hyarUivQE36mY6jSomru6Fjd-JzwcCzN/view',
  original: async ({ classFolders }) =>
    divideInThree(
      await classFolders((folder) => (ignored.includes(folder) ? undefined : (names.get(folder) ?? folder))),
    ),
})
