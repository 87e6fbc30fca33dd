import { createHash } from 'node:crypto'
import { stat } from 'node:fs/promises'
import type { Dataset } from '../../core/data/dataset.js'

/** Files asked for their size at a time. */
const AT_ONCE = 64

/**
 * SHA-256, hexadecimal, over a data set's class names and, part by part, every image's class folder, file name, label
 * and size. A set that was moved as a whole keeps its fingerprint; one with other images gets another. Drawn images
 * have no size; their names say what they are. A published data set brings its own, without sizes: asking a million
 * files takes minutes.
 */
export async function fingerprint(dataset: Dataset): Promise<string> {
  if (dataset.fingerprint !== undefined) return dataset.fingerprint
  const { classNames, baseClasses, train, val, test } = dataset
  const hash = createHash('sha256').update(JSON.stringify(classNames))
  if (baseClasses !== undefined) hash.update(`\nbase ${baseClasses}`)
  for (const part of [train, val, test]) {
    hash.update(`\n${part.length}`)
    for (let start = 0; start < part.length; start += AT_ONCE) {
      const some = part.slice(start, start + AT_ONCE)
      const sizes = await Promise.all(some.map(({ source }) => sizeOf(source)))
      for (const [i, { source, label }] of some.entries()) {
        const name = source.split(/[\\/]/).slice(-2)
        hash.update(JSON.stringify([...name, label, sizes[i]]))
      }
    }
  }
  return hash.digest('hex')
}

/** A folder of frames has a size that depends on the disk. */
const sizeOf = async (path: string): Promise<number | null> => {
  const found = await stat(path).catch(() => undefined)
  return found?.isFile() ? found.size : null
}
