import { readdir, readFile } from 'node:fs/promises'
import { extname } from 'node:path'
import type { PageFile } from './app.js'

const types: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
}

/** The files of a built page by their paths. Throws an Error where it was not built. */
export async function readPage(folder: string): Promise<Map<string, PageFile>> {
  const files = new Map<string, PageFile>()
  for (const name of await readdir(folder)) {
    const type = types[extname(name)]
    if (type === undefined) continue
    const content = new Uint8Array(await readFile(`${folder}/${name}`))
    files.set(name === 'index.html' ? '/' : `/${name}`, { type, content })
  }
  return files
}
