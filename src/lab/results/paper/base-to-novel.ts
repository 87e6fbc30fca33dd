import { paperDatasets } from '../../../core/data/dataset-names.js'
import type { PaperCell, PaperRow } from './paper-row.js'

type Printed = readonly [base: number, novel: number, hm: number]

const COMPARISON = 'Table 1'
/** The components one by one: averages, and in the appendix by data set. */
const BASELINE = 'Tables 2 and 12'

/** Base-to-novel generalization: 16 shots, trained on base classes. */
export const baseToNovel: readonly PaperRow[] = [
  row('zero-shot', null, COMPARISON, [69.34, 74.22, 71.7], {
    ImageNet: [72.43, 68.14, 70.22],
    Caltech101: [96.84, 94, 95.4],
    OxfordPets: [91.17, 97.26, 94.12],
    StanfordCars: [63.37, 74.89, 68.65],
    OxfordFlowers: [72.08, 77.8, 74.83],
    Food101: [90.1, 91.22, 90.66],
    FGVCAircraft: [27.19, 36.29, 31.09],
    SUN397: [69.36, 75.35, 72.23],
    DescribableTextures: [53.24, 59.9, 56.37],
    EuroSAT: [56.48, 64.05, 60.03],
    UCF101: [70.53, 77.5, 73.85],
  }),
  row('coop', 16, COMPARISON, [82.69, 63.22, 71.66], {
    ImageNet: [76.47, 67.88, 71.92],
    Caltech101: [98, 89.81, 93.73],
    OxfordPets: [93.67, 95.29, 94.47],
    StanfordCars: [78.12, 60.4, 68.13],
    OxfordFlowers: [97.6, 59.67, 74.06],
    Food101: [88.33, 82.26, 85.19],
    FGVCAircraft: [40.44, 22.3, 28.75],
    SUN397: [80.6, 65.89, 72.51],
    DescribableTextures: [79.44, 41.18, 54.24],
    EuroSAT: [92.19, 54.74, 68.69],
    UCF101: [84.69, 56.05, 67.46],
  }),
  row('cocoop', 16, COMPARISON, [80.47, 71.69, 75.83], {
    ImageNet: [75.98, 70.43, 73.1],
    Caltech101: [97.96, 93.81, 95.84],
    OxfordPets: [95.2, 97.69, 96.43],
    StanfordCars: [70.49, 73.59, 72.01],
    OxfordFlowers: [94.87, 71.75, 81.71],
    Food101: [90.7, 91.29, 90.99],
    FGVCAircraft: [33.41, 23.71, 27.74],
    SUN397: [79.74, 76.86, 78.27],
    DescribableTextures: [77.01, 56, 64.85],
    EuroSAT: [87.49, 60.04, 71.21],
    UCF101: [82.33, 73.45, 77.64],
  }),
  row('proda', 16, COMPARISON, [81.56, 72.3, 76.65], {
    ImageNet: [75.4, 70.23, 72.72],
    Caltech101: [98.27, 93.23, 95.68],
    OxfordPets: [95.43, 97.83, 96.62],
    StanfordCars: [74.7, 71.2, 72.91],
    OxfordFlowers: [97.7, 68.68, 80.66],
    Food101: [90.3, 88.57, 89.43],
    FGVCAircraft: [36.9, 34.13, 35.46],
    SUN397: [78.67, 76.93, 77.79],
    DescribableTextures: [80.67, 56.48, 66.44],
    EuroSAT: [83.9, 66, 73.88],
    UCF101: [85.23, 71.97, 78.04],
  }),
  row('maple', 16, COMPARISON, [82.28, 75.14, 78.55], {
    ImageNet: [76.66, 70.54, 73.47],
    Caltech101: [97.74, 94.36, 96.02],
    OxfordPets: [95.43, 97.76, 96.58],
    StanfordCars: [72.94, 74, 73.47],
    OxfordFlowers: [95.92, 72.46, 82.56],
    Food101: [90.71, 92.05, 91.38],
    FGVCAircraft: [37.44, 35.61, 36.5],
    SUN397: [80.82, 78.7, 79.75],
    DescribableTextures: [80.36, 59.18, 68.16],
    EuroSAT: [94.07, 73.23, 82.35],
    UCF101: [83, 78.66, 80.77],
  }),
  row('ivlp', 16, BASELINE, [84.21, 71.79, 77.51], {
    ImageNet: [77, 66.5, 71.37],
    Caltech101: [98.3, 93.2, 95.68],
    OxfordPets: [94.9, 97.2, 96.04],
    StanfordCars: [79.53, 71.47, 75.28],
    OxfordFlowers: [97.97, 72.1, 83.07],
    Food101: [89.37, 90.3, 89.83],
    FGVCAircraft: [42.6, 25.23, 31.69],
    SUN397: [81.6, 75.5, 78.43],
    DescribableTextures: [82.4, 56.2, 66.82],
    EuroSAT: [96.73, 67.83, 79.74],
    UCF101: [85.93, 74.17, 79.62],
  }),
  row('promptsrc', 16, COMPARISON, [84.26, 76.1, 79.97], {
    ImageNet: [77.6, 70.73, 74.01],
    Caltech101: [98.1, 94.03, 96.02],
    OxfordPets: [95.33, 97.3, 96.3],
    StanfordCars: [78.27, 74.97, 76.58],
    OxfordFlowers: [98.07, 76.5, 85.95],
    Food101: [90.67, 91.53, 91.1],
    FGVCAircraft: [42.73, 37.87, 40.15],
    SUN397: [82.67, 78.47, 80.52],
    DescribableTextures: [83.37, 62.97, 71.75],
    EuroSAT: [92.9, 73.9, 82.32],
    UCF101: [87.1, 78.8, 82.74],
  }),
]

function row(
  method: string,
  shots: number | null,
  table: string,
  average: Printed,
  cells: Readonly<Record<string, Printed>>,
): PaperRow {
  return {
    method,
    shots,
    table,
    cells: Object.fromEntries(Object.entries(cells).map(([dataset, printed]) => [dataset, cell(printed)])),
    average: cell(average),
    averaged: paperDatasets,
  }
}

function cell([base, novel, hm]: Printed): PaperCell {
  return { base, novel, hm }
}
