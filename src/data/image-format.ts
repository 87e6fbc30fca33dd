/** What a file is, judged by its first bytes. */
export interface ImageFormat {
  /** Whether it is a kind of image that can be decoded. */
  readonly readable: boolean
  /** For messages, for example "a BMP image". */
  readonly description: string
}

const readable: readonly (readonly [description: string, pattern: RegExp])[] = [
  ['a JPEG image', /^\xff\xd8\xff/],
  ['a PNG image', /^\x89PNG\r\n\x1a\n/],
  ['a GIF image', /^GIF8[79]a/],
  ['a WebP image', /^RIFF[^]{4}WEBP/],
  ['a TIFF image', /^(?:II[*+]\0|MM\0[*+])/],
  ['an AVIF image', /^[^]{4}ftyp(?:avif|avis|[^]{4}[^]{0,40}avif)/],
]

const others: typeof readable = [
  ['a BMP image, which this version cannot read', /^BM/],
  ['a HEIC image, which this version cannot read', /^[^]{4}ftyp(?:hei[cs]|hevc|mif1|msf1)/],
  ['a JPEG XL image, which this version cannot read', /^(?:\xff\x0a|\0\0\0\x0cJXL )/],
  ['a JPEG 2000 image, which this version cannot read', /^(?:\xff\x4f\xff\x51|\0\0\0\x0cjP)/],
  ['an icon file', /^\0\0[\x01\x02]\0/],
  ['a Photoshop file', /^8BPS/],
  ['a PDF document', /^%PDF/],
  ['a Git LFS pointer, not the file itself', /^version https:\/\/git-lfs/],
  ['a web page', /^\s*<(?:!doctype html|html)/i],
  ['an SVG drawing', /^\s*(?:<\?xml[^]*?)?<svg/i],
  ['an archive', /^(?:PK\x03\x04|\x1f\x8b|Rar!|7z\xbc\xaf)/],
  ['text', /^[\t\n\r\x20-\x7e]+$/],
]

const headLength = 256

/** Tells the kind of a file from its first bytes. */
export function identifyImage(bytes: Uint8Array): ImageFormat {
  if (bytes.length === 0) return { readable: false, description: 'empty file' }
  const head = Array.from(bytes.subarray(0, headLength), (byte) => String.fromCharCode(byte)).join('')
  const known = (kinds: typeof readable): string | undefined =>
    kinds.find(([, pattern]) => pattern.test(head))?.[0]
  const image = known(readable)
  if (image !== undefined) return { readable: true, description: image }
  const hex = Array.from(bytes.subarray(0, 8), (byte) => byte.toString(16).padStart(2, '0')).join(' ')
  return { readable: false, description: known(others) ?? `not an image (starts with the bytes ${hex})` }
}
