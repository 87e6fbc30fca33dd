import { extname } from 'node:path'
import { isPicture } from '../files/picture-names.js'

const raws = ['.cr2', '.cr3', '.nef', '.arw', '.dng', '.raf', '.orf', '.rw2']
/** Settings of editors, a camera's raw file, the video of a live photo. */
const companionEndings = new Set(['.xmp', '.aae', '.mov', ...raws])
/** Of pictures with one stem, the first of these owns what goes by the stem. */
const owners = ['.heic', '.heif', '.jpg', '.jpeg']

/** A picture and the files beside it that belong to it. */
export interface Family {
  readonly picture: string
  readonly companions: readonly string[]
}

/** Files of one folder, sorted into pictures with what belongs to them, and the rest. */
export interface Families {
  readonly pictures: readonly Family[]
  readonly others: readonly string[]
}

export const stemOf = (name: string): string => name.slice(0, name.length - extname(name).length)

/**
 * Finds companions by name, whatever the case: `a.xmp`, `a.jpg.xmp`, `a.aae`, `a.cr2`, `a.cr2.xmp` and `a.mov` go with
 * `a.jpg`.
 *
 * @param names of the files in one folder, in any order
 */
export function familiesOf(names: readonly string[]): Families {
  const pictures = names.filter(isPicture)
  const byName = new Map(pictures.map((name) => [name.toLowerCase(), name]))
  const byStem = new Map<string, string>()
  const rank = (name: string) => {
    const place = owners.indexOf(extname(name).toLowerCase())
    return place < 0 ? owners.length : place
  }
  for (const name of [...pictures].sort((a, b) => rank(a) - rank(b))) {
    const stem = stemOf(name).toLowerCase()
    if (!byStem.has(stem)) byStem.set(stem, name)
  }
  const ownerOf = (name: string): string | undefined => {
    if (!companionEndings.has(extname(name).toLowerCase())) return undefined
    const stem = stemOf(name).toLowerCase()
    const ofRaw = raws.includes(extname(stem)) ? byStem.get(stemOf(stem)) : undefined
    const owner = byName.get(stem) ?? byStem.get(stem) ?? ofRaw
    // Some letters change their length with their case: the ending could not be told.
    const sameLength =
      owner && name.slice(0, stemOf(owner).length).toLowerCase() === stemOf(owner).toLowerCase()
    return sameLength ? owner : undefined
  }
  const companions = new Map<string, string[]>(pictures.map((name) => [name, []]))
  const others: string[] = []
  for (const name of names) {
    if (isPicture(name)) continue
    ;(companions.get(ownerOf(name) ?? '') ?? others).push(name)
  }
  return { pictures: pictures.map((picture) => ({ picture, companions: companions.get(picture)! })), others }
}
