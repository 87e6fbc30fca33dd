import { legendOf, type Sheet } from '../layout.js'
import { linesOf } from './figures.js'

/** Tables as a Markdown document; groups stand in bold between the rows. */
export function markdownOf(sheets: readonly Sheet[]): string {
  const parts = sheets.map(({ title, head, groups, notes, over }) => {
    const table = markdownTable(
      ['method', ...head, over],
      groups.flatMap(({ title, rows }) => [
        ...(title === null ? [] : [[`**${title}**`]]),
        ...rows.flatMap(linesOf),
      ]),
    )
    return [`## ${title}`, table, notes.map((note) => `- ${note}`).join('\n')]
      .filter((part) => part !== '')
      .join('\n\n')
  })
  return `${['# Results', ...parts, legendOf(sheets).join('\n')].join('\n\n')}\n`
}

/** A table whose first column is text and whose others are numbers. Rows may be shorter than the heading. */
export function markdownTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) =>
    `| ${head.map((_, c) => escaped((cells[c] ?? '').trim())).join(' | ')} |`
  const rule = `| ${head.map((_, c) => (c === 0 ? '---' : '---:')).join(' | ')} |`
  return [line(head), rule, ...rows.map(line)].join('\n')
}

const escaped = (text: string): string =>
  text
    .replaceAll('\\', '\\\\')
    .replaceAll('|', '\\|')
    .replaceAll(/[\r\n]+/g, ' ')
