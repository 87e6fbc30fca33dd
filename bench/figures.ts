import { writeFileSync } from 'node:fs'
import { medianOf } from '../src/core/evaluate/statistics.js'
import { machine } from './machine.js'

/** Median of at least one value. */
export const median = (values: readonly number[]): number => medianOf(values)!

/** Seconds that work takes, and what it gives. */
export async function timed<T>(work: () => Promise<T>): Promise<{ seconds: number; result: T }> {
  const start = performance.now()
  const result = await work()
  return { seconds: (performance.now() - start) / 1000, result }
}

/** A Markdown table whose first column are words and whose others are figures. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`
  const rule = line(head.map((_, i) => (i === 0 ? '---' : '---:')))
  return [line(head), rule, ...rows.map(line)].join('\n')
}

/** Writes what was measured, every round of it, and the machine it was measured on, where `--json` names a file. */
export function writeFigures(file: string | undefined, figures: object, threads?: number): void {
  if (file === undefined) return
  writeFileSync(file, `${JSON.stringify({ machine: machine(threads), ...figures }, null, 2)}\n`)
}
