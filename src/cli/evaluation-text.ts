import type { Evaluation } from '../core/evaluate/evaluate.js'
import { formatTable } from '../lab/results/formats/text-table.js'

/** An evaluation with what its figures are shown under. */
export interface EvaluationOutput {
  readonly data: string
  readonly classes: string
  readonly classNames: readonly string[]
  readonly evaluation: Evaluation
  /** What decided the figures, by name; shown beside them. */
  readonly facts?: Readonly<Record<string, unknown>>
}

/** The figures of an evaluation as `--json` prints them. */
export const evaluationFigures = ({ data, classes, classNames, evaluation, facts }: EvaluationOutput) => ({
  data,
  classes,
  ...facts,
  classNames,
  ...evaluation.metrics,
  skipped: evaluation.skipped,
})

/**
 * Prints an evaluation, as JSON or for a person, and lists the images left out on standard error.
 *
 * @param lines facts for a person: a name and a text each
 */
export function printEvaluation(
  output: EvaluationOutput,
  { json = false, lines = {} }: { json?: boolean; lines?: Readonly<Record<string, string>> } = {},
): void {
  for (const message of output.evaluation.skipped) process.stderr.write(`left out: ${message}\n`)
  process.stdout.write(
    json
      ? `${JSON.stringify(evaluationFigures(output))}\n`
      : text(output.classNames, output.evaluation, lines),
  )
}

/** Figures for a person: totals, accuracy by class, and the pairs most often confused. */
function text(
  classNames: readonly string[],
  { metrics }: Evaluation,
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
    .map(({ truth, seen, n }) => `  ${truth} taken for ${seen}: ${n}`)
  const parts = [totals.join('\n'), formatTable(['class', 'images', 'accuracy %'], perClass)]
  if (confusions.length > 0) parts.push(`most frequent confusions\n${confusions.join('\n')}`)
  return `${parts.join('\n\n')}\n`
}
