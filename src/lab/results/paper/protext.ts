import { imagenetVariants, paperDatasets } from '../../../core/data/dataset-names.js'
import type { Protocol } from '../../plans/protocol.js'
import type { PaperRow } from './paper-row.js'

// As printed in "Learning to Prompt with Text Only Supervision for Vision-Language Models" (Khattak et al., AAAI 2025), with CLIP
// ViT-B/16 and GPT-3's sentences. Nothing of it learns from images. CuPL and WaffleCLIP are no methods here.

const paper = (table: number) => `Table ${table} of the ProText paper`

const NOVEL_OF_CLIP = [68.14, 94, 97.26, 74.89, 77.8, 91.22, 36.29, 75.35, 59.9, 64.05, 77.5]
const CUPL_BASE = [74.3, 97.22, 94.42, 63.54, 74.36, 89.93, 30.61, 76.02, 62.85, 59.64, 75.28]
const CUPL_HM = [71.09, 95.58, 95.82, 68.75, 76.04, 90.57, 33.21, 75.68, 61.34, 61.77, 76.37]

const PROTEXT = [
  [75, 71.38, 73.14],
  [98.06, 95.63, 96.83],
  [94.95, 98, 96.45],
  [64.54, 76.08, 69.84],
  [74.36, 78.44, 76.35],
  [90.2, 91.98, 91.08],
  [30.91, 34.13, 32.44],
  [76.14, 79.14, 77.61],
  [63.08, 61.59, 62.33],
  [59.71, 80.97, 68.73],
  [75.54, 79.5, 77.47],
] as const

/** CuPL has no sentences of novel classes: its novel accuracy is CLIP's. */
const baseToNovel: readonly PaperRow[] = [
  halves(
    'cupl',
    CUPL_BASE.map((base, i) => [base, NOVEL_OF_CLIP[i]!, CUPL_HM[i]!]),
    [72.56, 74.22, 73.38],
  ),
  halves('protext', PROTEXT, [72.95, 76.98, 74.91]),
]

/** Trained on sentences about ImageNet; ImageNet, the ten other data sets, their average. */
const crossDataset: readonly PaperRow[] = [
  row(
    4,
    'zero-shot',
    paperDatasets,
    1,
    [66.72, 92.98, 89.13, 65.29, 71.3, 86.11, 24.9, 62.59, 44.56, 47.84, 66.83, 65.15],
  ),
  row(
    4,
    'cupl',
    paperDatasets,
    1,
    [69.62, 92.98, 89.13, 65.29, 71.3, 86.11, 24.9, 62.59, 44.56, 47.84, 66.83, 65.15],
  ),
  row(
    4,
    'waffleclip',
    paperDatasets,
    1,
    [68.34, 94.01, 89.57, 63.42, 72, 86.84, 24.49, 66.17, 45.15, 47.74, 67.96, 65.74],
  ),
  row(
    4,
    'protext',
    paperDatasets,
    1,
    [69.8, 94.81, 91.01, 66, 72.35, 86.66, 24.72, 67.34, 47.93, 51.86, 69.6, 67.23],
  ),
]

const domains = ['ImageNet', ...imagenetVariants]

/** ImageNet, -V2, -Sketch, -A, -R, the average of the four. CLIP's row is that of the PromptSRC paper, but for a hundredth. */
const domainGeneralization: readonly PaperRow[] = [
  row(5, 'cupl', domains, 1, [69.62, 63.27, 49.02, 50.72, 77.05, 60.01]),
  row(5, 'protext', domains, 1, [70.22, 63.54, 49.45, 51.47, 77.35, 60.45]),
]

/**
 * Trained on sentences about the classes that are measured. ProText on DTD is 54.04 in the paper's appendix. CLIP's average is kept as
 * printed: 65.15 is that of the ten data sets without ImageNet; the others are of all eleven, as which CLIP's is 65.30.
 */
const textOnly: readonly PaperRow[] = [
  row(
    6,
    'zero-shot',
    paperDatasets,
    0,
    [66.72, 92.98, 89.13, 65.29, 71.3, 86.11, 24.9, 62.59, 44.56, 47.84, 66.83, 65.15],
  ),
  row(
    6,
    'cupl',
    paperDatasets,
    0,
    [69.6, 94.32, 91.11, 65.95, 73.85, 86.11, 27.66, 69, 53.96, 60.27, 70.63, 69.31],
  ),
  row(
    6,
    'protext',
    paperDatasets,
    0,
    [70.22, 95.29, 92.72, 66.77, 74.42, 86.68, 29.01, 69.76, 54.02, 58.53, 71.45, 69.9],
  ),
]

/** The rows that the ProText paper prints for a protocol. */
export function proTextRows(protocol: Protocol): readonly PaperRow[] {
  switch (protocol) {
    case 'base-to-novel':
      return baseToNovel
    case 'cross-dataset':
      return crossDataset
    case 'domain-generalization':
      return domainGeneralization
    case 'few-shot':
    case 'fully-supervised':
      return []
    case 'text-only':
      return textOnly
  }
}

type Printed = readonly (readonly [base: number, novel: number, hm: number])[]

function halves(method: string, printed: Printed, average: Printed[number]): PaperRow {
  const cell = ([base, novel, hm]: Printed[number]) => ({ base, novel, hm })
  const cells = paperDatasets.map((dataset, i) => [dataset, cell(printed[i]!)])
  return {
    method,
    shots: null,
    table: paper(3),
    cells: Object.fromEntries(cells),
    average: cell(average),
    averaged: paperDatasets,
  }
}

/** @param sources data sets at the beginning that the average leaves out */
function row(
  table: number,
  method: string,
  datasets: readonly string[],
  sources: number,
  printed: readonly number[],
): PaperRow {
  const cells = datasets.map((dataset, i) => [dataset, { accuracy: printed[i]! }])
  return {
    method,
    shots: null,
    table: paper(table),
    cells: Object.fromEntries(cells),
    average: { accuracy: printed.at(-1)! },
    averaged: datasets.slice(sources),
  }
}
