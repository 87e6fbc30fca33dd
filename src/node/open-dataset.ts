import { listingsFolder } from './cache/cache-settings.js'
import { datasetOpener } from './data/open-dataset.js'
import { datasets } from './datasets/registry.js'
import { drawnSets } from './world/drawn-sets.js'

export type { OpenDatasetOptions } from './data/open-dataset.js'

/** Opens folders, lists, the published data sets and the drawn ones, with listings in the user's cache. */
export const { openDataset, findPublished, isNamed, pathWithoutRoot } = datasetOpener({
  published: datasets,
  drawn: drawnSets,
  indexFolder: () => listingsFolder(),
})
