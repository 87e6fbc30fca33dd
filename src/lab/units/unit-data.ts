import type { Dataset } from '../../core/data/dataset.js'
import { descriptionsHash } from '../../core/data/descriptions.js'
import { fingerprint } from '../../node/data/fingerprint.js'
import type { UnitData } from './unit.js'

/** How a data set is opened again: the arguments of `openDataset`. */
export interface DataReference extends Pick<UnitData, 'path' | 'root' | 'classNames'> {
  /** File of sentences about the classes. */
  readonly texts?: string | undefined
}

/** An opened data set as units name it. */
export async function unitData(
  data: Dataset,
  { path, root, classNames, texts }: DataReference,
): Promise<UnitData> {
  return {
    name: data.name,
    path,
    ...(root === undefined ? {} : { root }),
    ...(classNames === undefined ? {} : { classNames }),
    ...(data.exif === 'apply' ? { exif: data.exif } : {}),
    ...(texts === undefined || !data.descriptions
      ? {}
      : { texts: { path: texts, sha256: await descriptionsHash(data.descriptions) } }),
    fingerprint: await fingerprint(data),
  }
}
