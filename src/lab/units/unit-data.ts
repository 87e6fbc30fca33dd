import type { Dataset } from '../../core/data/dataset.js'
import { fingerprint } from '../../node/data/fingerprint.js'
import type { UnitData } from './unit.js'

/** How a data set is opened again: the arguments of `openDataset`. */
export type DataReference = Pick<UnitData, 'path' | 'root' | 'classNames'>

/** An opened data set as units name it. */
export async function unitData(data: Dataset, { path, root, classNames }: DataReference): Promise<UnitData> {
  return {
    name: data.name,
    path,
    ...(root === undefined ? {} : { root }),
    ...(classNames === undefined ? {} : { classNames }),
    ...(data.exif === 'apply' ? { exif: data.exif } : {}),
    fingerprint: await fingerprint(data),
  }
}
