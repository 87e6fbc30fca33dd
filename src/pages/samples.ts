import type { Datum } from '../core/data/dataset.js'
import type { Evaluation } from '../core/evaluate/evaluate.js'
import { type SampleRow, sampleRows } from '../core/evaluate/sample-rows.js'
import { escapeHtml, type Section } from './page.js'
import { dataUri, isPixelated } from './picture.js'
import type { ReportData, Sample } from './report-data.js'

/** Pictures with the likeliest classes; right and wrong are told by a word and a mark, not by colour alone. */
export async function samplesSection(
  { caption, items }: NonNullable<ReportData['samples']>,
  { id, title }: Pick<Section, 'id' | 'title'> = { id: 'samples', title: 'Sample images' },
): Promise<Section> {
  const cards = await Promise.all(items.map(card))
  return {
    id,
    title,
    html: `<p class="note">${escapeHtml(caption)}</p><ul class="samples">${cards.join('\n')}</ul>`,
  }
}

async function card({ image, truth, classes }: Sample): Promise<string> {
  const right = classes[0]?.className === truth
  const bars = classes.map(({ className, probability }) => {
    const percent = (100 * probability).toFixed(0)
    return `<li${className === truth ? ' class="true"' : ''}><span>${escapeHtml(className)}</span><span>${percent} %</span><span class="track" aria-hidden="true"><i style="--share:${percent}%"></i></span></li>`
  })
  const pixelated = isPixelated(image) ? ' class="pixelated"' : ''
  return `<li class="${right ? 'right' : 'wrong'}"><img${pixelated} src="${await dataUri(image)}" alt="Image of ${escapeHtml(truth)}">
<p><b>${escapeHtml(truth)}</b><span class="verdict">${right ? '✓ recognised' : '✗ mistaken'}</span></p><ol>${bars.join('')}</ol></li>`
}

/** The samples with their pictures. */
export function loadSamples(data: readonly Datum[], rows: readonly SampleRow[]): Promise<Sample[]> {
  return Promise.all(
    rows.map(async ({ index, ...sample }) => ({ ...sample, image: await data[index]!.load() })),
  )
}

/** Evenly spaced images of an evaluation with their likeliest classes. */
export function sampleImages(
  data: readonly Datum[],
  evaluation: Evaluation,
  classNames: readonly string[],
  count: number,
): Promise<Sample[]> {
  return loadSamples(data, sampleRows(evaluation, classNames, count))
}
