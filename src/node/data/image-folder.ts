import { realpath } from 'node:fs/promises'
import { join } from 'node:path'
import { DataError } from '../../core/errors.js'
import { isInside } from '../files/paths.js'
import { asReference, type Reading } from './reading.js'

/**
 * A folder that images are taken from. Data sets have up to a million images, so they share one such record for each
 * folder and hold nothing but a name and a label each.
 */
export class ImageFolder {
  /**
   * @param path as messages show it
   * @param key what it is called in fingerprints: its path inside the data set
   * @param boundary real path that no image may lie outside of; none where the folder's reader has looked at links
   * @param reading how its files become pictures
   */
  constructor(
    readonly path: string,
    readonly key: string = '',
    readonly boundary?: string,
    public reading: Reading = asReference,
  ) {}

  /** A folder below. */
  within(name: string): ImageFolder {
    return new ImageFolder(
      join(this.path, name),
      this.key === '' ? name : `${this.key}/${name}`,
      this.boundary,
      this.reading,
    )
  }

  pathOf(name: string): string {
    return join(this.path, name)
  }

  /** @throws DataError for a file that is outside the boundary once symbolic links are followed */
  async check(name: string): Promise<void> {
    if (this.boundary === undefined) return
    const path = this.pathOf(name)
    // A missing file is reported by who reads it.
    const real = await realpath(path).catch(() => undefined)
    if (real !== undefined && !isInside(real, this.boundary)) throw leadsOut(path)
  }
}

export function leadsOut(link: string): DataError {
  return new DataError(`${link}: a symbolic link that leads out of the data folder`, {
    hint: 'Copy what it points to into the data folder, make the data folder itself a link, or remove this one.',
  })
}
