import type { Run } from '../core/evaluate/create-classifier.js'
import type { Interpretation } from '../core/interpret/interpret-run.js'
import { renderReport } from './report.js'
import type { AttentionData } from './report-data.js'

/** What a report of an interpretation is made from. */
export interface InterpretationReportOptions {
  readonly run: Run
  readonly interpretation: Interpretation
  /** Why no images were looked at, where the run itself is not the reason. */
  readonly noImages?: string
  /** The machine and the versions in use. */
  readonly environment: object
}

/** The words and pictures of a run as one HTML page. */
export async function interpretationReport(options: InterpretationReportOptions): Promise<string> {
  const { run, interpretation, noImages, environment } = options
  const { method, methodOptions, model, classNames } = run.prompts
  const { context } = interpretation
  return renderReport({
    title: `What ${method.title} learned`,
    subtitle: `${model.name}, ${classNames.length} classes`,
    date: new Date().toISOString(),
    ...(context.length > 0
      ? {
          context: {
            caption: `The vocabulary's tokens nearest to each context vector at the text tower's input. A dash ends a piece of a word.`,
            prompts: context,
          },
        }
      : {}),
    attention: attention(interpretation, noImages),
    facts: {
      'Method options': methodOptions as Record<string, unknown>,
      Model: { ...model },
      Environment: { ...environment },
    },
  })
}

function attention({ images, noImages: reason }: Interpretation, noImages?: string): AttentionData {
  const [first, ...others] = images
  if (!first) return { absent: reason ?? noImages ?? 'no images were given' }
  const caption =
    'Before: frozen CLIP with "a photo of a NAME." After: with the learned prompts. Both choose among the trained classes.'
  return { caption, items: [first, ...others] }
}
