import { differencesOf } from '../paired.js'
import type { Results } from '../read-results.js'
import type { ResultTable } from '../result-table.js'

/** Tables and what they were made of as plain data (docs/results.md). */
export function jsonOf(tables: readonly ResultTable[], results: Results) {
  const { observations, unfinished, failed, damaged, repeats } = results
  return {
    format: 1,
    tables,
    differences: tables.flatMap((table) => differencesOf(table) ?? []),
    observations,
    unfinished,
    failed,
    damaged,
    repeats: repeats.map(({ counted, left }) => ({
      counted: counted.from,
      left: left.from,
      accuracies: [counted.accuracy, left.accuracy],
    })),
  }
}
