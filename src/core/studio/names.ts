import { isBlankName, tidyClassName } from '../clip/templates.js'
import { DataError } from '../errors.js'

/** Longer names are sentences; file systems take some 250 bytes. */
const LONGEST = 80

/** Names that Windows keeps for devices. */
const DEVICES = /^(con|prn|aux|nul|com\d|lpt\d)(\.|$)/i

/** What no file system, or no page, has a name with. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is refused
const FORBIDDEN = /[\u0000-\u001f\u007f/\\:*?"<>|]/

/**
 * The name of a class as a folder can have it, tidied.
 *
 * @param taken names that other classes have
 * @throws DataError for a name that is empty, too long, taken, or that no folder can have
 */
export function checkedClassName(given: string, taken: readonly string[]): string {
  const name = tidyClassName(given)
  if (isBlankName(name)) {
    throw new DataError('A class needs a name.', { hint: 'Type what its pictures show, such as “barn owl”.' })
  }
  if (name.length > LONGEST) {
    throw new DataError(`The name has ${name.length} letters; at most ${LONGEST} can be used.`, {
      hint: 'Choose a shorter one.',
    })
  }
  const wrong = FORBIDDEN.exec(name)?.[0]
  if (wrong !== undefined || name.startsWith('.') || name.endsWith('.') || DEVICES.test(name)) {
    throw new DataError(
      `“${name}” cannot be the name of a folder${wrong ? `, as it holds ${JSON.stringify(wrong)}` : ''}.`,
      {
        hint: 'Use letters, digits, spaces and hyphens.',
      },
    )
  }
  if (taken.some((other) => tidyClassName(other).toLowerCase() === name.toLowerCase())) {
    throw new DataError(`There is a class “${name}” already.`, {
      hint: 'Add the pictures to it, or choose another name.',
    })
  }
  return name
}

/** A picture's file name without what a path or a file system could stumble over. */
export function safeFileName(given: string): string {
  const last = given.split(/[/\\]/).at(-1)!.normalize('NFC')
  const plain = last.replaceAll(new RegExp(FORBIDDEN, 'g'), '-').replace(/^[.\s]+/, '')
  const [, stem = '', ending = ''] = /^(.*?)(\.[^.]*)?$/s.exec(plain) ?? []
  const usable = DEVICES.test(stem) ? `-${stem}` : stem
  return `${usable.slice(0, LONGEST).trim() || 'picture'}${ending.toLowerCase().slice(0, 10)}`
}

/** The name with the first number that makes it none of the taken ones. */
export function freeName(name: string, isTaken: (name: string) => boolean): string {
  if (!isTaken(name)) return name
  const [, stem, ending = ''] = /^(.*?)(\.[^.]*)?$/s.exec(name)!
  for (let n = 2; ; n++) {
    const numbered = `${stem}-${n}${ending}`
    if (!isTaken(numbered)) return numbered
  }
}
