import { datasetTemplate } from '../../core/clip/templates.js'
import { divideInThree } from './divide.js'
import { splitSource } from './split-source.js'

const names: ReadonlyMap<string, string> = new Map([
  ['AnnualCrop', 'Annual Crop Land'],
  ['Forest', 'Forest'],
  ['HerbaceousVegetation', 'Herbaceous Vegetation Land'],
  ['Highway', 'Highway or Road'],
  ['Industrial', 'Industrial Buildings'],
  ['Pasture', 'Pasture Land'],
  ['PermanentCrop', 'Permanent Crop Land'],
  ['Residential', 'Residential Buildings'],
  ['River', 'River'],
  ['SeaLake', 'Sea or Lake'],
])

export const euroSat = splitSource({
  name: 'EuroSAT',
  alias: 'eurosat',
  title: 'EuroSAT (RGB)',
  folder: 'eurosat',
  template: datasetTemplate('EuroSAT'),
  home: 'https://github.com/phelber/EuroSAT',
  counts: { classes: 10, train: 13_500, val: 5400, test: 8100 },
  images: '2750',
  imagesFrom: 'https://madm.dfki.de/files/sentinel/EuroSAT.zip',
  splitFrom: 'https://drive.google.com/file/d/1Ip7yaCWFi0eaOFUGga0lUdVi_DDQth1o/view',
  original: async ({ classFolders }) =>
    divideInThree(await classFolders((folder) => names.get(folder) ?? folder)),
})
