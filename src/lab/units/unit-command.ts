import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { DeviceChoice, Precision } from '../../core/runtime/device.js'

/** Where a unit is computed. */
export interface UnitDevice {
  readonly device?: DeviceChoice | undefined
  readonly precision?: Precision | undefined
}

/**
 * The command line that does a unit in a process of its own, without the unit's folder: the program of this package as
 * its package.json names it, by the Node that runs this process. Engines take another one, such as of a bundle.
 *
 * @param where what computes, and in which precision; default: the processor in fp32
 */
export function unitCommand({ device, precision }: UnitDevice = {}): string[] {
  const manifest = new URL('../../../package.json', import.meta.url)
  const { bin } = JSON.parse(readFileSync(manifest, 'utf8')) as { bin: { promptsrc: string } }
  const program = fileURLToPath(new URL(bin.promptsrc, manifest))
  const where = [
    ...(device === undefined ? [] : ['--device', device]),
    ...(precision === undefined ? [] : ['--precision', precision]),
  ]
  return [process.execPath, ...process.execArgv, program, 'unit', ...where]
}
