import { differenceOf, type ResultTable } from '../result-table.js'

const columns = [
  'protocol',
  'source',
  'origin',
  'method',
  'shots',
  'dataset',
  'quantity',
  'mean',
  'std',
  'low95',
  'high95',
  'seeds',
  'complete',
  'paper',
  'difference',
  'printed_in',
] as const

/** A line for every figure, with full precision (RFC 4180); a name that a spreadsheet would compute gets an
 * apostrophe before it. An average over data sets has the data set `average`. */
export function csvOf(tables: readonly ResultTable[]): string {
  const lines = tables.flatMap(({ protocol, source, rows }) =>
    rows.flatMap(({ origin, method, shots, printedIn, figures }) =>
      figures.map(
        (figure): Record<(typeof columns)[number], string | number | boolean | null> => ({
          protocol,
          source,
          origin,
          method,
          shots,
          dataset: figure.dataset ?? 'average',
          quantity: figure.quantity,
          mean: figure.mean,
          std: figure.std,
          low95: figure.interval?.[0] ?? null,
          high95: figure.interval?.[1] ?? null,
          seeds: figure.runs.flatMap(({ seed }) => seed ?? []).join(' '),
          complete: figure.missing.length === 0,
          paper: figure.paper,
          difference: differenceOf(figure),
          printed_in: printedIn,
        }),
      ),
    ),
  )
  const rows = [columns, ...lines.map((line) => columns.map((column) => line[column]))]
  return rows.map(csvLine).join('')
}

/**
 * A line of CSV (RFC 4180). What begins like a formula is one to a spreadsheet, and names come from folders and files of
 * others: such a text gets an apostrophe before it.
 */
export const csvLine = (fields: readonly (string | number | boolean | null)[]): string =>
  `${fields.map(field).join(',')}\r\n`

function field(value: string | number | boolean | null): string {
  const isFormula = typeof value === 'string' && /^[=+\-@\t\r]/.test(value)
  const text = value === null ? '' : `${isFormula ? "'" : ''}${value}`
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}
