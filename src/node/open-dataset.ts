import { toyDataset, toySets } from '../core/world/datasets.js'
import { listingsFolder } from './cache/cache-settings.js'
import { datasetOpener } from './data/open-dataset.js'
import { datasets } from './datasets/registry.js'

export type { OpenDatasetOptions } from './data/open-dataset.js'

/** Opens folders, lists, the published data sets and the drawn ones, with listings in the user's cache. */
export const { openDataset, findPublished, isNamed, pathWithoutRoot } = datasetOpener({
  published: datasets,
  drawn: { names: Object.keys(toySets), open: (name) => toyDataset(name) },
  indexFolder: () => listingsFolder(),
})
