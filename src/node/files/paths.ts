import { sep } from 'node:path'

/** Whether a real path is a folder or lies below it. */
export function isInside(path: string, folder: string): boolean {
  return path === folder || path.startsWith(folder.endsWith(sep) ? folder : folder + sep)
}

/** What is wrong with a path that a file gives for an image, undefined where nothing is. */
export function pathProblem(path: string): string | undefined {
  if (path === '') return 'an empty path'
  if (path.includes('\0')) return 'a path with a NUL character'
  if (path.startsWith('/') || /^[A-Za-z]:/.test(path)) return 'an absolute path'
  if (path.includes('\\')) return 'a path with a backslash'
  const parts = path.split('/')
  if (parts.includes('..')) return 'a path that leads upwards'
  return parts.at(-1) === '' || parts.at(-1) === '.' ? 'the path of a folder' : undefined
}
