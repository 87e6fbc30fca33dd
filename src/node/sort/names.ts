/** Bytes of a file's or folder's name that every usual file system takes. */
const LONGEST_NAME = 255
/** Bytes of a class's folder; names of files below it need room in a path as well. */
const LONGEST_FOLDER = 120

/** What some file system forbids, and characters that move a terminal's cursor or turn the direction of text. */
const unsafe =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for
  /[<>:"/\\|?*\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g
/** Names of devices on Windows, with any ending. */
const devices = /^(con|prn|aux|nul|com[0-9]|lpt[0-9])(\.|$)/i

/** Equal for names that some file system takes for one: upper and lower case, composed and decomposed letters. */
export const nameKey = (name: string): string => name.normalize('NFC').toLowerCase()

/**
 * A folder for each title, in their order: safe on every file system, visible, and none equal to another or to one of
 * `reserved`.
 */
export function folderNames(titles: readonly string[], reserved: readonly string[]): string[] {
  const taken = new Set(reserved.map(nameKey))
  return titles.map((title) => {
    const name = freeStem(safeFolderName(title), [''], taken)
    taken.add(nameKey(name))
    return name
  })
}

function safeFolderName(title: string): string {
  const plain = title.normalize('NFC').replaceAll(unsafe, '_').trim().replace(/^\./, '_')
  // Windows drops dots and spaces at the end of a name.
  const short = shortened(plain, LONGEST_FOLDER).replace(/[. ]+$/, '')
  return short === '' ? '_' : short.replace(devices, '$1_$2')
}

/**
 * The stem for files that belong together, so that none of their names is taken: `photo`, then `photo (2)`, `photo (3)`.
 *
 * @param endings what follows the stem in each name
 * @param taken keys by {@link nameKey}
 */
export function freeStem(stem: string, endings: readonly string[], taken: ReadonlySet<string>): string {
  const longest = endings.reduce((a, b) => (Buffer.byteLength(b) > Buffer.byteLength(a) ? b : a), '')
  for (let n = 1; ; n++) {
    const number = n === 1 ? '' : ` (${n})`
    const room = LONGEST_NAME - Buffer.byteLength(number + longest)
    const candidate = shortened(stem, room) + number
    if (endings.every((ending) => !taken.has(nameKey(candidate + ending)))) return candidate
  }
}

/** The longest beginning of at most so many bytes, whole characters. */
function shortened(text: string, bytes: number): string {
  if (Buffer.byteLength(text) <= bytes) return text
  let result = ''
  for (const character of text) {
    if (Buffer.byteLength(result + character) > bytes) break
    result += character
  }
  return result
}
