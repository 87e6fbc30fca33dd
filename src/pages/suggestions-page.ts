import type { Suggestion } from '../core/curate/suggest.js'
import type { RgbImage } from '../core/image/resize.js'
import { escapeHtml, page } from './page.js'
import { dataUri, isPixelated } from './picture.js'

/** Suggested images as an HTML page, the most helpful first, each with its two likeliest classes. */
export async function suggestionsPage(
  suggestions: readonly Suggestion[],
  { run, among, load }: { run: string; among: number; load: (image: string) => Promise<RgbImage> },
): Promise<string> {
  const cards: string[] = []
  for (const { image, classes } of suggestions) {
    const picture = await load(image)
    const rows = classes.map(({ className, probability }) => {
      const percent = (100 * probability).toFixed(0)
      return `<li><span>${escapeHtml(className)}</span><span>${percent} %</span><span class="track" aria-hidden="true"><i style="--share:${percent}%"></i></span></li>`
    })
    const pixelated = isPixelated(picture) ? ' class="pixelated"' : ''
    cards.push(
      `<li><img${pixelated} src="${await dataUri(picture)}" alt=""><p>${escapeHtml(image)}</p><ol>${rows.join('')}</ol></li>`,
    )
  }
  const data = {
    title: 'Which photo next',
    subtitle: `${suggestions.length} of ${among.toLocaleString('en')} images whose labels would help ${run} most`,
    date: new Date().toISOString(),
  }
  const note =
    'The most helpful first: the run is unsure of them, and they are unlike what has labels and unlike each other. Below each its two likeliest classes.'
  return page(data, [
    {
      id: 'suggestions',
      title: 'Suggested images',
      html: `<p class="note">${note}</p><ul class="samples">${cards.join('\n')}</ul>`,
    },
  ])
}
