import { imagenetVariants, paperDatasets } from '../../../core/data/dataset-names.js'
import type { PaperRow } from './paper-row.js'

/** Trained on ImageNet with 16 shots; ImageNet first, then the ten other data sets in the paper's order, then their average. */
export const crossDataset: readonly PaperRow[] = [
  row(
    'coop',
    'Table 3',
    paperDatasets,
    [71.51, 93.7, 89.14, 64.51, 68.71, 85.3, 18.47, 64.15, 41.92, 46.39, 66.55, 63.88],
  ),
  row(
    'cocoop',
    'Table 3',
    paperDatasets,
    [71.02, 94.43, 90.14, 65.32, 71.88, 86.06, 22.94, 67.36, 45.73, 45.37, 68.21, 65.74],
  ),
  row(
    'maple',
    'Table 3',
    paperDatasets,
    [70.72, 93.53, 90.49, 65.57, 72.23, 86.2, 24.74, 67.01, 46.49, 48.06, 68.69, 66.3],
  ),
  row(
    'promptsrc',
    'Table 3',
    paperDatasets,
    [71.27, 93.6, 90.25, 65.7, 70.25, 86.15, 23.9, 67.1, 46.87, 45.5, 68.75, 65.81],
  ),
]

const domains = ['ImageNet', ...imagenetVariants]

/** Trained on ImageNet with 16 shots; ImageNet, -V2, -Sketch, -A, -R, then the average of the four variants. */
export const domainGeneralization: readonly PaperRow[] = [
  row('zero-shot', 'Table 4', domains, [66.73, 60.83, 46.15, 47.77, 73.96, 57.18]),
  row('coop', 'Table 4', domains, [71.51, 64.2, 47.99, 49.71, 75.21, 59.28]),
  row('cocoop', 'Table 4', domains, [71.02, 64.07, 48.75, 50.63, 76.18, 59.91]),
  row('maple', 'Table 4', domains, [70.72, 64.07, 49.15, 50.9, 76.98, 60.27]),
  row('promptsrc', 'Table 4', domains, [71.27, 64.35, 49.55, 50.9, 77.8, 60.65]),
]

function row(
  method: string,
  table: string,
  datasets: readonly string[],
  printed: readonly number[],
): PaperRow {
  const cells = datasets.map((dataset, i) => [dataset, { accuracy: printed[i]! }])
  return {
    method,
    shots: method === 'zero-shot' ? null : 16,
    table,
    cells: Object.fromEntries(cells),
    average: { accuracy: printed.at(-1)! },
    averaged: datasets.slice(1),
  }
}
