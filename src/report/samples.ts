import sharp from 'sharp'
import type { RgbImage } from '../data/image.js'
import { escapeHtml } from './escape-html.js'
import type { Section } from './page.js'
import type { ReportData, Sample } from './report-data.js'

/** Longest side of an embedded picture, in pixels: twice that of its place on the page. */
const LARGEST = 360
/** Pictures up to this side are shown with their pixels. */
const SMALL = 96

/** Pictures with the likeliest classes; right and wrong are told by a word and a mark, not by colour alone. */
export async function samplesSection({
  caption,
  items,
}: NonNullable<ReportData['samples']>): Promise<Section> {
  const cards = await Promise.all(items.map(card))
  return {
    id: 'samples',
    title: 'Sample images',
    html: `<p class="note">${escapeHtml(caption)}</p><ul class="samples">${cards.join('\n')}</ul>`,
  }
}

async function card({ image, truth, classes }: Sample): Promise<string> {
  const right = classes[0]?.className === truth
  const bars = classes.map(({ className, probability }) => {
    const percent = (100 * probability).toFixed(0)
    return `<li${className === truth ? ' class="true"' : ''}><span>${escapeHtml(className)}</span><span>${percent} %</span><span class="track" aria-hidden="true"><i style="--share:${percent}%"></i></span></li>`
  })
  const pixelated = Math.max(image.width, image.height) <= SMALL ? ' class="pixelated"' : ''
  return `<li class="${right ? 'right' : 'wrong'}"><img${pixelated} src="${await dataUri(image)}" alt="Image of ${escapeHtml(truth)}">
<p><b>${escapeHtml(truth)}</b><span class="verdict">${right ? '✓ recognised' : '✗ mistaken'}</span></p><ol>${bars.join('')}</ol></li>`
}

async function dataUri({ width, height, data }: RgbImage): Promise<string> {
  const png = await sharp(data, { raw: { width, height, channels: 3 } })
    .resize(LARGEST, LARGEST, { fit: 'inside', withoutEnlargement: true })
    .png({ palette: false, compressionLevel: 9 })
    .toBuffer()
  return `data:image/png;base64,${png.toString('base64')}`
}
