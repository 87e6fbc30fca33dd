import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { DeviceChoice } from '../../core/runtime/device.js'

/**
 * The command line that does a unit in a process of its own, without the unit's folder: the program of this package as
 * its package.json names it, by the Node that runs this process. Engines take another one, such as of a bundle.
 *
 * @param device what computes; default: the processor
 */
export function unitCommand(device?: DeviceChoice): string[] {
  const manifest = new URL('../../../package.json', import.meta.url)
  const { bin } = JSON.parse(readFileSync(manifest, 'utf8')) as { bin: { promptsrc: string } }
  const program = fileURLToPath(new URL(bin.promptsrc, manifest))
  const where = device === undefined ? [] : ['--device', device]
  return [process.execPath, ...process.execArgv, program, 'unit', ...where]
}
