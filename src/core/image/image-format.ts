/** What a file is, judged by its first bytes. */
export interface ImageFormat {
  /** Whether it is a kind of image that can be decoded. */
  readonly readable: boolean
  /** For messages, for example "a BMP image". */
  readonly description: string
}

/** Beginnings of files, a byte a character; `?` stands for any byte. */
type Signatures = readonly (readonly [description: string, ...beginnings: string[]])[]

const images: Signatures = [
  ['a JPEG image', '\xff\xd8\xff'],
  ['a PNG image', '\x89PNG\r\n\x1a\n'],
  ['a GIF image', 'GIF87a', 'GIF89a'],
  ['a WebP image', 'RIFF????WEBP'],
  ['a TIFF image', 'II*\0', 'II+\0', 'MM\0*', 'MM\0+'],
  ['an AVIF image', '????ftypavif', '????ftypavis', '????ftypmif1????avif', '????ftypmif1????mif1avif'],
]

const others: Signatures = [
  ['a BMP image, which this version cannot read', 'BM'],
  [
    'a HEIC image, which this version cannot read',
    '????ftyphei',
    '????ftyphevc',
    '????ftypmif1',
    '????ftypmsf1',
  ],
  ['a JPEG XL image, which this version cannot read', '\xff\x0a', '\0\0\0\x0cJXL '],
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
  if (bytes.length === 0) return { readable: false, description: 'empty file' }
  const head = Array.from(bytes.subarray(0, headLength), (byte) => String.fromCharCode(byte)).join('')
  const image = lookUp(images, head)
  if (image !== undefined) return { readable: true, description: image }
  return { readable: false, description: lookUp(others, head) ?? describeText(head) ?? describeBytes(bytes) }
}

function lookUp(signatures: Signatures, head: string): string | undefined {
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
