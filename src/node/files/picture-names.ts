import { extname } from 'node:path'

/** Endings of picture files that can be decoded; whether a file is intact shows when it is read. */
export const pictureEndings: readonly string[] = [
  '.jpg',
  '.jpeg',
  '.jpe',
  '.jfif',
  '.png',
  '.webp',
  '.gif',
  '.tif',
  '.tiff',
  '.avif',
  '.bmp',
  '.heic',
  '.heif',
  '.jxl',
]

/** Whether a file is a picture, by its name. */
export const isPicture = (name: string): boolean => pictureEndings.includes(extname(name).toLowerCase())

/** What systems, network drives and file managers put into folders, in lower case. */
const leftovers: ReadonlySet<string> = new Set([
  '__macosx',
  'thumbs.db',
  'ehthumbs.db',
  'ehthumbs_vista.db',
  'desktop.ini',
  'icon\r',
  '@eadir',
  '@recycle',
  '@recently-snapshot',
  '#recycle',
  '$recycle.bin',
  'system volume information',
  'lost+found',
])

/** Whether a file or folder is hidden, or none that people put there. */
export const isLeftover = (name: string): boolean => name.startsWith('.') || leftovers.has(name.toLowerCase())
