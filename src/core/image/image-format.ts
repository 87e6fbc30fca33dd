/** Kinds of images that can be decoded. */
export type ImageKind = 'JPEG' | 'PNG' | 'GIF' | 'WebP' | 'TIFF' | 'AVIF' | 'BMP' | 'HEIC' | 'JPEG XL'

/** What a file is, judged by its first bytes. */
export interface ImageFormat {
  /** Absent where it is no image that can be decoded. */
  readonly kind?: ImageKind
  /** For messages, for example "a BMP image". */
  readonly description: string
}

/** Beginnings of files, a byte a character; `?` stands for any byte. */
type Signatures<T extends string> = readonly (readonly [what: T, ...beginnings: string[]])[]

const images: Signatures<ImageKind> = [
  ['JPEG', '\xff\xd8\xff'],
  ['PNG', '\x89PNG\r\n\x1a\n'],
  ['GIF', 'GIF87a', 'GIF89a'],
  ['WebP', 'RIFF????WEBP'],
  ['TIFF', 'II*\0', 'II+\0', 'MM\0*', 'MM\0+'],
  ['AVIF', '????ftypavif', '????ftypavis', '????ftypmif1????avif', '????ftypmif1????mif1avif'],
  ['HEIC', '????ftyphei', '????ftyphev', '????ftypmif1', '????ftypmsf1'],
  // Two letters alone would take texts that begin with them for images: the sizes of the known headers follow.
  [
    'BMP',
    ...[12, 40, 52, 56, 64, 108, 124].map((size) => `BM????????????${String.fromCharCode(size)}\0\0\0`),
  ],
  ['JPEG XL', '\xff\x0a', '\0\0\0\x0cJXL '],
]

const others: Signatures<string> = [
  ['a JPEG 2000 image, which this version cannot read', '\xff\x4f\xff\x51', '\0\0\0\x0cjP'],
  ['an icon file', '\0\0\x01\0', '\0\0\x02\0'],
  ['a Photoshop file', '8BPS'],
  ['a PDF document', '%PDF'],
  ['an archive', 'PK\x03\x04', '\x1f\x8b', 'Rar!', '7z\xbc\xaf'],
  ['a Git LFS pointer, not the file itself', 'version https://git-lfs'],
]

const headLength = 256

/** Tells the kind of a file from its first bytes. */
export function identifyImage(bytes: Uint8Array): ImageFormat {
  if (bytes.length === 0) return { description: 'empty file' }
  const head = Array.from(bytes.subarray(0, headLength), (byte) => String.fromCharCode(byte)).join('')
  const kind = lookUp(images, head)
  if (kind !== undefined) return { kind, description: `${kind.startsWith('A') ? 'an' : 'a'} ${kind} image` }
  return { description: lookUp(others, head) ?? describeText(head) ?? describeBytes(bytes) }
}

function lookUp<T extends string>(signatures: Signatures<T>, head: string): T | undefined {
  const begins = (beginning: string): boolean =>
    head.length >= beginning.length &&
    Array.from(beginning).every((character, i) => character === '?' || character === head[i])
  return signatures.find(([, ...beginnings]) => beginnings.some(begins))?.[0]
}

function describeText(head: string): string | undefined {
  if (/^\s*<(?:!doctype html|html)/i.test(head)) return 'a web page'
  if (/^\s*(?:<\?xml.*)?<svg/is.test(head)) return 'an SVG drawing'
  return /^[\s\x20-\x7e]+$/.test(head) ? 'text' : undefined
}

function describeBytes(bytes: Uint8Array): string {
  const hex = Array.from(bytes.subarray(0, 8), (byte) => byte.toString(16).padStart(2, '0')).join(' ')
  return `not an image (starts with the bytes ${hex})`
}
