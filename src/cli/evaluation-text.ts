import type { Evaluation } from '../core/evaluate/evaluate.js'
import type { Metrics } from '../core/evaluate/metrics.js'
import { printable } from '../lab/results/formats/printable.js'
import { formatTable } from '../lab/results/formats/text-table.js'
import { warn } from './fail.js'

/** An evaluation with what its figures are shown under. */
export interface EvaluationOutput {
  readonly data: string
  readonly classes: string
  readonly classNames: readonly string[]
  readonly evaluation: Evaluation
  /** What decided the figures, by name; shown beside them. */
  readonly facts?: Readonly<Record<string, unknown>>
  /** What to read them with, see `evaluationNotes`. */
  readonly notes: readonly string[]
}

/** The figures of an evaluation as `--json` prints them. */
export const evaluationFigures = ({
  data,
  classes,
  classNames,
  evaluation,
  facts,
  notes,
}: EvaluationOutput) => ({
  data,
  classes,
  ...facts,
  classNames,
  ...evaluation.metrics,
  skipped: evaluation.skipped,
  notes,
})

/** What is kept in a file of an evaluation. */
export type KeptFigures = Pick<Metrics, 'confusion'> & Readonly<Record<string, unknown>>

/** Classes whose confusions are kept as a matrix; of more only the pairs that occur. */
const DENSE_CLASSES = 200

/**
 * Figures as a file: a line a figure. Of many classes, `confusion` is empty and `confusions` has the pairs that
 * occur: [true class, class seen, images].
 */
export function figuresJson({ confusion, ...figures }: KeptFigures): string {
  const pairs = () =>
    confusion.flatMap((row, truth) => row.flatMap((n, seen) => (n > 0 ? [[truth, seen, n]] : [])))
  const kept =
    confusion.length > DENSE_CLASSES
      ? { ...figures, confusion: [], confusions: pairs() }
      : { ...figures, confusion }
  const lines = Object.entries(kept).map(
    ([name, value]) => `  ${JSON.stringify(name)}: ${JSON.stringify(value)}`,
  )
  return `{\n${lines.join(',\n')}\n}\n`
}

/**
 * Prints an evaluation, as JSON or for a person, and lists the images left out on standard error.
 *
 * @param lines facts for a person: a name and a text each
 */
export function printEvaluation(
  output: EvaluationOutput,
  { json = false, lines = {} }: { json?: boolean; lines?: Readonly<Record<string, string>> } = {},
): void {
  for (const message of output.evaluation.skipped) warn(message, 'left out')
  process.stdout.write(json ? `${JSON.stringify(evaluationFigures(output))}\n` : text(output, lines))
}

/** Figures for a person: totals, accuracy by class, and the pairs most often confused. */
function text(
  { classNames, evaluation: { metrics }, notes }: EvaluationOutput,
  facts: Readonly<Record<string, string>>,
): string {
  const percent = (value: number | null) => (value === null ? '-' : value.toFixed(1))
  const totals = Object.entries({
    ...facts,
    images: `${metrics.count}`,
    accuracy: `${percent(metrics.accuracy)} %`,
    'macro F1': `${percent(metrics.macroF1)} %`,
    ECE: `${percent(metrics.expectedCalibrationError)} %`,
  }).map(([name, value]) => `${name.padEnd(10)}  ${value}`)
  const perClass = classNames.map((name, i) => {
    const total = metrics.confusion[i]!.reduce((a, b) => a + b, 0)
    return [name, `${total}`, percent(metrics.perClassAccuracy[i]!)]
  })
  const confusions = classNames
    .flatMap((truth, i) =>
      classNames.map((seen, j) => ({ truth, seen, n: i === j ? 0 : metrics.confusion[i]![j]! })),
    )
    .filter(({ n }) => n > 0)
    .sort((a, b) => b.n - a.n)
    .slice(0, 5)
    .map(({ truth, seen, n }) => `  ${printable(truth)} taken for ${printable(seen)}: ${n}`)
  const parts = [totals.join('\n'), formatTable(['class', 'images', 'accuracy %'], perClass)]
  if (confusions.length > 0) parts.push(`most frequent confusions\n${confusions.join('\n')}`)
  if (notes.length > 0) parts.push(notes.map((note) => `note: ${printable(note)}`).join('\n'))
  return `${parts.join('\n\n')}\n`
}
