import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

/**
 * The command line that does a unit in a process of its own, without the unit's folder: the program of this package as
 * its package.json names it, by the Node that runs this process. Engines take another one, such as of a bundle.
 */
export function unitCommand(): string[] {
  const manifest = new URL('../../../package.json', import.meta.url)
  const { bin } = JSON.parse(readFileSync(manifest, 'utf8')) as { bin: { promptsrc: string } }
  return [process.execPath, ...process.execArgv, fileURLToPath(new URL(bin.promptsrc, manifest)), 'unit']
}
