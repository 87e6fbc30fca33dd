import { DataError } from '../core/errors.js'
import type { DatasetSource } from '../node/data/dataset-source.js'
import type { Inspection } from '../node/datasets/inspect.js'

/** What of a published data set is there and what is not, with where to get it. */
export function fileLines({ files }: Inspection): string[] {
  const wide = Math.max(...files.map(({ path }) => path.length)) + 1
  return files.flatMap(({ path, kind, needed, what, from, found, missing }) => {
    const state = found ? 'found  ' : missing ? 'MISSING' : 'absent '
    const name = (kind === 'folder' ? `${path}/` : path).padEnd(wide)
    const unless = missing && needed === 'without split file' ? '; not needed with the published split' : ''
    return [`  ${state}  ${name}  ${what}${unless}`, ...(found || !from ? [] : [`           from ${from}`])]
  })
}

/** The error for a published data set that lacks something needed. */
export function incomplete(
  { name, home }: DatasetSource,
  root: string,
  { folder, exists, files }: Inspection,
): DataError {
  const missing = files.filter((file) => file.missing).map(({ path }) => path)
  return new DataError(
    exists
      ? `${name} in ${folder} is incomplete: ${missing.join(', ')} ${missing.length === 1 ? 'is' : 'are'} missing`
      : `${name}: there is no folder ${folder}`,
    {
      hint: `Get it from its makers (${home}), put archives and files into ${folder}, then: promptsrc data prepare ${name} --root ${root}`,
    },
  )
}
