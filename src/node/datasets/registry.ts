import { ConfigError } from '../../core/errors.js'
import { nearestNames } from '../../core/suggest.js'
import { caltech101, describableTextures, euroSat, food101 } from './class-folder-sets.js'
import { fgvcAircraft } from './fgvc-aircraft.js'
import { imageNet } from './imagenet.js'
import { imageNetA, imageNetR, imageNetSketch, imageNetV2 } from './imagenet-variants.js'
import { oxfordFlowers } from './oxford-flowers.js'
import { oxfordPets } from './oxford-pets.js'
import type { DatasetSource } from './source.js'
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

/**
 * The published data set of a name, alias or other name; undefined where there is none. Upper and lower case, hyphens
 * and underscores make no difference.
 */
export function findDataset(name: string): DatasetSource | undefined {
  return datasets.find((source) => namesOf(source).some((known) => plain(known) === plain(name)))
}

const namesOf = ({ name, alias, otherNames = [] }: DatasetSource) => [name, alias, ...otherNames]
const plain = (name: string) => name.toLowerCase().replaceAll(/[-_]/g, '')

/** @throws ConfigError for an unknown name, with the nearest ones */
export function datasetNamed(name: string): DatasetSource {
  const found = findDataset(name)
  if (found) return found
  const near = nearestNames(name, datasets.flatMap(namesOf))
  throw new ConfigError(`unknown data set "${name}"`, {
    hint:
      near.length > 0
        ? `Did you mean ${near.join(' or ')}?`
        : `There are ${datasets.map((source) => source.name).join(', ')}.`,
  })
}
