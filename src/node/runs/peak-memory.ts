import { readFileSync } from 'node:fs'

/**
 * The most memory this process has had resident so far, in MB (10^6 bytes).
 *
 * Linux keeps the mark by address space in /proc. The portable figure of `process.resourceUsage` begins, in a child
 * process there, at what its parent used, and serves where there is no /proc.
 */
export function peakMemoryMB(): number {
  const mark = linuxMark()
  return (1024 * (mark ?? process.resourceUsage().maxRSS)) / 1e6
}

/** VmHWM in KiB. */
function linuxMark(): number | undefined {
  try {
    const found = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8'))
    return found ? Number(found[1]) : undefined
  } catch {
    return undefined
  }
}
