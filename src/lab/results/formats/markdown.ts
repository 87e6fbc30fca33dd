import { legendOf, type Sheet } from '../layout.js'
import { linesOf } from './figures.js'

/** Tables as a Markdown document; groups stand in bold between the rows. */
export function markdownOf(sheets: readonly Sheet[]): string {
  const parts = sheets.map(({ title, head, groups, notes }) => {
    const columns = ['method', ...head, 'seeds']
    const line = (cells: readonly string[]) =>
      `| ${columns.map((_, c) => escapeCell((cells[c] ?? '').trim())).join(' | ')} |`
    const table = [
      line(columns),
      `| ${columns.map((_, c) => (c === 0 ? '---' : '---:')).join(' | ')} |`,
      ...groups.flatMap(({ title, rows }) => [
        ...(title === null ? [] : [line([`**${title}**`])]),
        ...rows.flatMap(linesOf).map(line),
      ]),
    ]
    return [`## ${title}`, table.join('\n'), notes.map((note) => `- ${note}`).join('\n')]
      .filter((part) => part !== '')
      .join('\n\n')
  })
  return `${['# Results', ...parts, legendOf(sheets).join('\n')].join('\n\n')}\n`
}

const escapeCell = (text: string): string =>
  text
    .replaceAll('\\', '\\\\')
    .replaceAll('|', '\\|')
    .replaceAll(/[\r\n]+/g, ' ')
