import { legendOf, type Sheet } from '../layout.js'
import { LACKS, linesOf } from './figures.js'
import { formatTable } from './text-table.js'

/**
 * Tables for a terminal.
 *
 * @param width beyond which a table is broken into several, one below the other; the terminal's
 */
export function textOf(sheets: readonly Sheet[], width = Number.POSITIVE_INFINITY): string {
  const parts = sheets.map(({ title, head, groups, notes, over }) => {
    const rows = groups.flatMap(({ title, rows }, i) => [
      ...(i > 0 ? [['']] : []),
      ...(title === null ? [] : [[title]]),
      ...rows.flatMap(linesOf),
    ])
    return [title, broken(['method', ...head, over], aligned(rows), width), notes.join('\n')]
      .filter((part) => part !== '')
      .join('\n\n')
  })
  return `${[...parts, legendOf(sheets).join('\n')].join('\n\n')}\n`
}

/** Rows in which means stand below each other, whether a spread or a mark follows them or not. */
function aligned(rows: readonly (readonly string[])[]): string[][] {
  const tail = / ± \d+\.\d+/
  const columns = Math.max(...rows.map((row) => row.length))
  const has = (c: number, pattern: RegExp) => rows.some((row) => pattern.test(row[c] ?? ''))
  const wanted = Array.from({ length: columns }, (_, c) => ({ spread: has(c, tail), mark: has(c, /†$/) }))
  return rows.map((row) =>
    row.map((cell, c) => {
      if (!/^[−+]?\d+\.\d\d/.test(cell) || cell.includes(' to ')) return cell
      const { spread, mark } = wanted[c]!
      const whole = tail.test(cell) || !spread ? cell : `${cell}${' '.repeat(' ± 0.00'.length)}`
      return cell.endsWith(LACKS) || !mark ? whole : `${whole} `
    }),
  )
}

/** A table of at most the width, its columns in several parts where they do not fit side by side. */
function broken(head: readonly string[], rows: readonly (readonly string[])[], width: number): string {
  const lengths = head.map((title, c) => Math.max(title.length, ...rows.map((row) => (row[c] ?? '').length)))
  const parts: number[][] = [[0]]
  let used = lengths[0]!
  for (let c = 1; c < head.length; c++) {
    const part = parts.at(-1)!
    if (used + 2 + lengths[c]! > width && part.length > 1) {
      parts.push([0, c])
      used = lengths[0]! + 2 + lengths[c]!
    } else {
      part.push(c)
      used += 2 + lengths[c]!
    }
  }
  return parts
    .map((columns) => {
      const pick = (row: readonly string[]) => columns.map((c) => row[c] ?? '')
      return formatTable(pick(head), rows.map(pick))
    })
    .join('\n\n')
}
