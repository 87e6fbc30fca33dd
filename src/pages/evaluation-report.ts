import type { Evaluation } from '../core/evaluate/evaluate.js'
import { calibrationBins } from '../core/evaluate/metrics.js'
import { renderReport } from './report.js'
import type { OtherData } from './score-histogram.js'

/** What a page of an evaluation is made from. */
export interface EvaluationReportOptions {
  /** What was evaluated: a run, or a baseline. */
  readonly subject: string
  readonly data: string
  readonly classNames: readonly string[]
  readonly evaluation: Evaluation
  readonly others?: OtherData | undefined
  readonly notes: readonly string[]
  readonly facts: Readonly<Record<string, unknown>>
  /** The machine and the versions in use. */
  readonly environment: object
}

/** An evaluation as an HTML page, with the scores of images of something else where they were measured. */
export function evaluationReport(options: EvaluationReportOptions): Promise<string> {
  const { subject, data, classNames, evaluation, others, notes, facts, environment } = options
  const { logits, labels, metrics } = evaluation
  return renderReport({
    title: `${subject} on ${data}`,
    subtitle: `${metrics.count.toLocaleString('en')} images, ${classNames.length} classes`,
    date: new Date().toISOString(),
    notes,
    evaluation: {
      caption: `Images of ${data}, each among ${classNames.length} classes.`,
      classNames,
      metrics,
      calibration: calibrationBins(logits, labels, classNames.length),
    },
    ...(others ? { others } : {}),
    facts: { Evaluation: facts, Environment: { ...environment } },
  })
}
