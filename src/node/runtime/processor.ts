import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { cpus } from 'node:os'

/** What of a processor decides which instructions a library picks. */
const DECISIVE = /^(vendor_id|cpu family|model|stepping|flags|Features|CPU (implementer|variant|part))\s*:/

/**
 * Identifies the kind of this machine's processor, and what of it a virtual machine shows: many of these name every
 * processor of a vendor alike.
 */
export function processorKind(): string {
  const name = cpus()[0]?.model.trim() ?? ''
  try {
    const [first] = readFileSync('/proc/cpuinfo', 'utf8').split('\n\n')
    const lines = first!.split('\n').filter((line) => DECISIVE.test(line))
    return `${name} ${createHash('sha256').update(lines.join('\n')).digest('hex').slice(0, 12)}`
  } catch {
    return name
  }
}
