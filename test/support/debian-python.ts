import { execFile } from 'node:child_process'
import { promisify } from 'node:util'

/** Runs Python code: Debian's own interpreter, which Debian's packages are for. */
export const python = (code: string, ...args: string[]) =>
  promisify(execFile)('/usr/bin/python3', ['-c', code, ...args])

/** Why a Debian package's module cannot be imported; undefined where it can. */
export const missingModule = (module: string): Promise<string | undefined> =>
  python(`import ${module}`).then(
    () => undefined,
    () => `Debian's python3-${module} is not installed`,
  )
