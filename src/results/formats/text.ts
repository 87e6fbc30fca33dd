import { formatTable } from '../../cli/table.js'
import { legend, type Sheet } from '../layout.js'
import { linesOf } from './figures.js'

/**
 * Tables for a terminal.
 *
 * @param width beyond which a table is broken into several, one below the other; the terminal's
 */
export function textOf(sheets: readonly Sheet[], width = Number.POSITIVE_INFINITY): string {
  const parts = sheets.map(({ title, head, groups, notes }) => {
    const rows = groups.flatMap(({ title, rows }, i) => [
      ...(i > 0 ? [['']] : []),
      ...(title === null ? [] : [[title]]),
      ...rows.flatMap(linesOf),
    ])
    return [title, broken(['method', ...head, 'seeds'], rows, width), notes.join('\n')]
      .filter((part) => part !== '')
      .join('\n\n')
  })
  return `${[...parts, legend.join('\n')].join('\n\n')}\n`
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
