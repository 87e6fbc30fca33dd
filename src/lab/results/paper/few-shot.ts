import { paperDatasets } from '../../../core/data/dataset-names.js'
import type { PaperRow } from './paper-row.js'

/** Images a class of the columns below. */
const shots = [1, 2, 4, 8, 16] as const

type Printed = readonly number[]

/**
 * Few-shot classification with all classes.
 *
 * MaPLe's average with 4 shots is kept as printed, 75.37, a misprint of 75.75: its data sets average to that, and the
 * text's gain of PromptSRC over it, 2.59, fits that alone.
 */
export const fewShot: readonly PaperRow[] = [
  ...rows('linear-probe', [45.83, 57.98, 68.01, 74.47, 78.79], {
    ImageNet: [32.13, 44.88, 54.85, 62.23, 67.31],
    Caltech101: [79.88, 89.01, 92.05, 93.41, 95.43],
    OxfordPets: [44.06, 58.37, 71.17, 78.36, 85.34],
    StanfordCars: [35.66, 50.28, 63.38, 73.67, 80.44],
    OxfordFlowers: [69.74, 85.07, 92.02, 96.1, 97.37],
    Food101: [43.96, 61.51, 73.19, 79.79, 82.9],
    FGVCAircraft: [19.61, 26.41, 32.33, 39.35, 45.36],
    SUN397: [41.58, 53.7, 63, 69.08, 73.28],
    DescribableTextures: [34.59, 40.76, 55.71, 63.46, 69.96],
    EuroSAT: [49.23, 61.98, 77.09, 84.43, 87.21],
    UCF101: [53.66, 65.78, 73.28, 79.34, 82.11],
  }),
  ...rows('coop', [67.56, 70.65, 74.02, 76.98, 79.89], {
    ImageNet: [66.33, 67.07, 68.73, 70.63, 71.87],
    Caltech101: [92.6, 93.07, 94.4, 94.37, 95.57],
    OxfordPets: [90.37, 89.8, 92.57, 91.27, 91.87],
    StanfordCars: [67.43, 70.5, 74.47, 79.3, 83.07],
    OxfordFlowers: [77.53, 87.33, 92.17, 94.97, 97.07],
    Food101: [84.33, 84.4, 84.47, 82.67, 84.2],
    FGVCAircraft: [21.37, 26.2, 30.83, 39, 43.4],
    SUN397: [66.77, 66.53, 69.97, 71.53, 74.67],
    DescribableTextures: [50.23, 53.6, 58.7, 64.77, 69.87],
    EuroSAT: [54.93, 65.17, 70.8, 78.07, 84.93],
    UCF101: [71.23, 73.43, 77.1, 80.2, 82.23],
  }),
  ...rows('cocoop', [66.79, 67.65, 71.21, 72.96, 74.9], {
    ImageNet: [69.43, 69.78, 70.39, 70.63, 70.83],
    Caltech101: [93.83, 94.82, 94.98, 95.04, 95.16],
    OxfordPets: [91.27, 92.64, 92.81, 93.45, 93.34],
    StanfordCars: [67.22, 68.37, 69.39, 70.44, 71.57],
    OxfordFlowers: [72.08, 75.79, 78.4, 84.3, 87.84],
    Food101: [85.65, 86.22, 86.88, 86.97, 87.25],
    FGVCAircraft: [12.68, 15.06, 24.79, 26.61, 31.21],
    SUN397: [68.33, 69.03, 70.21, 70.84, 72.15],
    DescribableTextures: [48.54, 52.17, 55.04, 58.89, 63.04],
    EuroSAT: [55.33, 46.74, 65.56, 68.21, 73.32],
    UCF101: [70.3, 73.51, 74.82, 77.14, 78.14],
  }),
  ...rows('maple', [69.27, 72.58, 75.37, 78.89, 81.79], {
    ImageNet: [62.67, 65.1, 67.7, 70.3, 72.33],
    Caltech101: [92.57, 93.97, 94.43, 95.2, 96],
    OxfordPets: [89.1, 90.87, 91.9, 92.57, 92.83],
    StanfordCars: [66.6, 71.6, 75.3, 79.47, 83.57],
    OxfordFlowers: [83.3, 88.93, 92.67, 95.8, 97],
    Food101: [80.5, 81.47, 81.77, 83.6, 85.33],
    FGVCAircraft: [26.73, 30.9, 34.87, 42, 48.4],
    SUN397: [64.77, 67.1, 70.67, 73.23, 75.53],
    DescribableTextures: [52.13, 55.5, 61, 66.5, 71.33],
    EuroSAT: [71.8, 78.3, 84.5, 87.73, 92.33],
    UCF101: [71.83, 74.6, 78.47, 81.37, 85.03],
  }),
  ...rows('promptsrc', [72.32, 75.29, 78.35, 80.69, 82.87], {
    ImageNet: [68.13, 69.77, 71.07, 72.33, 73.17],
    Caltech101: [93.67, 94.53, 95.27, 95.67, 96.07],
    OxfordPets: [92, 92.5, 93.43, 93.5, 93.67],
    StanfordCars: [69.4, 73.4, 77.13, 80.97, 83.83],
    OxfordFlowers: [85.93, 91.17, 93.87, 96.27, 97.6],
    Food101: [84.87, 85.7, 86.17, 86.9, 87.5],
    FGVCAircraft: [27.67, 31.7, 37.47, 43.27, 50.83],
    SUN397: [69.67, 71.6, 74, 75.73, 77.23],
    DescribableTextures: [56.23, 59.97, 65.53, 69.87, 72.73],
    EuroSAT: [73.13, 79.37, 86.3, 88.8, 92.43],
    UCF101: [74.8, 78.5, 81.57, 84.3, 86.47],
  }),
]

function rows(method: string, averages: Printed, datasets: Readonly<Record<string, Printed>>): PaperRow[] {
  return shots.map((k, i) => ({
    method,
    shots: k,
    table: 'Table 13',
    cells: Object.fromEntries(
      Object.entries(datasets).map(([dataset, printed]) => [dataset, { accuracy: printed[i]! }]),
    ),
    average: { accuracy: averages[i]! },
    averaged: paperDatasets,
  }))
}
