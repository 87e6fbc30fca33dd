import { type DatasetSource, sourceNamed } from '../data/dataset-source.js'
import { caltech101, describableTextures, euroSat, food101 } from './class-folder-sets.js'
import { fgvcAircraft } from './fgvc-aircraft.js'
import { imageNet } from './imagenet.js'
import { imageNetA, imageNetR, imageNetSketch, imageNetV2 } from './imagenet-variants.js'
import { oxfordFlowers } from './oxford-flowers.js'
import { oxfordPets } from './oxford-pets.js'
import { stanfordCars } from './stanford-cars.js'
import { sun397 } from './sun397.js'
import { ucf101 } from './ucf101.js'

/** The published data sets: eleven for base-to-novel and few-shot results, then ImageNet's four variants. */
export const datasets: readonly DatasetSource[] = [
  imageNet,
  caltech101,
  oxfordPets,
  stanfordCars,
  oxfordFlowers,
  food101,
  fgvcAircraft,
  sun397,
  describableTextures,
  euroSat,
  ucf101,
  imageNetV2,
  imageNetSketch,
  imageNetA,
  imageNetR,
]

/** The published data set of a name, see `sourceNamed`. Throws ConfigError for an unknown one, with the nearest names. */
export const datasetNamed = (name: string): DatasetSource => sourceNamed(datasets, name)
