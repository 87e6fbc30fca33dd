import { readdir, stat } from 'node:fs/promises'
import { basename, dirname } from 'node:path'
import type { Dataset, Datum } from '../../core/data/dataset.js'
import { FileDatum } from './file-datum.js'

/**
 * Images of a data set whose files are not there: lists name images that an incomplete copy lacks. Folders are listed
 * once each, so that a million images take seconds.
 */
export async function absentImages({ train, val, test }: Dataset): Promise<Datum[]> {
  const listings = new Map<string, ReadonlySet<string>>()
  const absent: Datum[] = []
  for (const part of [train, val, test]) {
    for (const datum of part) {
      if (!(datum instanceof FileDatum)) continue
      const folder = dirname(datum.source)
      let names = listings.get(folder)
      if (names === undefined) {
        names = new Set(await readdir(folder).catch(() => []))
        listings.set(folder, names)
      }
      if (names.has(basename(datum.source))) continue
      // The file system may spell a name otherwise (case, composed characters).
      if (await stat(datum.source).catch(() => undefined)) continue
      absent.push(datum)
    }
  }
  return absent
}
