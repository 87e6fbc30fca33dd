import { stat } from 'node:fs/promises'
import { join, sep } from 'node:path'
import { glob, isDynamicPattern } from 'tinyglobby'
import { ConfigError, DataError } from '../../core/errors.js'
import { compareCodePoints } from '../data/listing.js'
import { isLeftover } from '../files/picture-names.js'
import { findPhotos, type Unreadable } from '../sort/find-photos.js'
import { clipsIn } from '../video/clips.js'
import { isAddress } from './fetch-image.js'

/** What images or clips to look at. */
export interface FoundImages {
  /** Paths and addresses, in the order of what was given; those of a folder or pattern in code-point order. */
  readonly names: readonly string[]
  /** Folders that could not be read. */
  readonly unreadable: readonly Unreadable[]
  /** Symbolic links in folders, which are not followed. */
  readonly links: number
}

/** Options of {@link findImages}. */
export interface FindImagesOptions {
  /** Look for clips in place of pictures: videos, and folders that hold frames. */
  readonly clips?: boolean
  /** Whether addresses (`https://…`) are taken. */
  readonly addresses: boolean
  /** What `-` stands for. */
  readonly list: AsyncIterable<Uint8Array | string>
}

/**
 * Finds images: files, folders with all pictures in them and below, patterns such as `photos/*.jpg`, addresses, and `-`
 * for a list of files, folders and addresses, a line each or separated by NUL. What exists is never read as a pattern. A
 * file that is not there is found out when it is read.
 *
 * @throws DataError for a folder without pictures, a pattern that nothing matches or an empty list; ConfigError for an
 *   address that is not allowed
 */
export async function findImages(
  given: readonly string[],
  { addresses, clips = false, list }: FindImagesOptions,
): Promise<FoundImages> {
  const found = { names: [] as string[], unreadable: [] as Unreadable[], links: 0 }
  const take = async (name: string, patterns: boolean): Promise<void> => {
    if (isAddress(name)) {
      if (!addresses) throw notAllowed(name)
      found.names.push(name)
      return
    }
    const kind = await stat(name).catch(() => undefined)
    if (kind?.isDirectory()) await (clips ? takeClips(name) : takeFolder(name))
    else if (!kind && patterns && isDynamicPattern(name)) found.names.push(...(await matching(name)))
    else found.names.push(name)
  }
  const takeFolder = async (folder: string): Promise<void> => {
    const { photos, unreadable, links } = await findPhotos(folder)
    const within = (path: string) => join(folder, path)
    if (photos.length === 0 && unreadable.length === 0) {
      throw new DataError(`${folder}: no pictures there`, {
        hint: 'Name a folder with pictures in it or below it.',
      })
    }
    for (const { path } of photos) found.names.push(within(path))
    for (const { path, reason } of unreadable) found.unreadable.push({ path: within(path), reason })
    found.links += links.length
  }
  const takeClips = async (folder: string): Promise<void> => {
    const names = await clipsIn(folder)
    if (names.length > 0) found.names.push(...names)
    else
      throw new DataError(`${folder}: no clips there`, {
        hint: 'Name a folder of frames, or one with videos or folders of frames in it or below it.',
      })
  }
  for (const name of given) {
    if (name === '-') for (const line of await linesOf(list)) await take(line, false)
    else await take(name, true)
  }
  return found
}

function notAllowed(address: string): ConfigError {
  return new ConfigError(`${address}: an address; images are taken from files`, {
    hint: 'To fetch images from the network, add --allow-url.',
  })
}

/** Backslashes separate folders on Windows, where they mask nothing. */
const slashed = (pattern: string): string => (sep === '\\' ? pattern.replaceAll('\\', '/') : pattern)

async function matching(pattern: string): Promise<string[]> {
  const names = await glob([slashed(pattern)], { expandDirectories: false, followSymbolicLinks: false })
  const named = new Set(slashed(pattern).split('/'))
  const images = names.filter((name) => !name.split('/').some((part) => isLeftover(part) && !named.has(part)))
  if (images.length > 0) return images.sort(compareCodePoints)
  throw new DataError(`${pattern}: no such file, and nothing that matches`, {
    hint: 'Check the path; folders are separated by /, and ** stands for folders of any depth.',
  })
}

async function linesOf(list: FindImagesOptions['list']): Promise<string[]> {
  const parts: Uint8Array[] = []
  for await (const part of list) parts.push(typeof part === 'string' ? Buffer.from(part) : part)
  const text = Buffer.concat(parts).toString()
  const lines = text.includes('\0') ? text.split('\0') : text.split(/\r?\n/)
  const names = lines.filter((line) => line !== '')
  if (names.length > 0) return names
  throw new DataError('the list on standard input is empty', {
    hint: 'Give a file a line, as `find photos -name "*.jpg"` does.',
  })
}
