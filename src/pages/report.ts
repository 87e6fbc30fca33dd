import { attentionSection } from './attention.js'
import { colourMap } from './chart.js'
import { contextSection } from './context-words.js'
import { evaluationSection } from './evaluation.js'
import { factsSection } from './facts.js'
import { headlineSection } from './headline.js'
import { page, type Section } from './page.js'
import type { ReportData } from './report-data.js'
import { samplesSection } from './samples.js'
import { scoreSection } from './score-histogram.js'
import { trainingSection } from './training.js'

/** A report as one HTML page that opens without a network and runs no script. */
export async function renderReport(data: ReportData): Promise<string> {
  const { headline, samples, added, context, attention, training, evaluation, others, facts } = data
  const compared = headline?.rows.map(({ method }) => method).filter((name) => name !== headline.reference)
  const colours = colourMap(compared ?? training?.accuracies?.map(({ name }) => name) ?? [])
  const sections: Section[] = []
  if (headline) sections.push(await headlineSection(headline, colours))
  if (samples && samples.items.length > 0) sections.push(await samplesSection(samples))
  if (added && added.items.length > 0) {
    sections.push(await samplesSection(added, { id: 'added', title: 'Classes added by name' }))
  }
  if (context && context.prompts.length > 0) sections.push(contextSection(context))
  if (attention) sections.push(await attentionSection(attention))
  if (training) sections.push(await trainingSection(training, colours))
  if (evaluation) sections.push(await evaluationSection(evaluation))
  if (others) sections.push(await scoreSection(others))
  if (Object.keys(facts).length > 0) sections.push(factsSection(facts))
  return page(data, sections)
}
