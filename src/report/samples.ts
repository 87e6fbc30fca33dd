import sharp from 'sharp'
import type { RgbImage } from '../data/image.js'
import { escapeHtml } from './escape-html.js'
import type { ReportData, Sample } from './report-data.js'

/** Longest side of an embedded picture, in pixels. */
const LARGEST = 240

/** Pictures with the likeliest classes; right and wrong are told by a word and a mark, not by colour alone. */
export async function samplesSection({
  caption,
  items,
}: NonNullable<ReportData['samples']>): Promise<string> {
  const cards = await Promise.all(items.map(card))
  return `<section><h2>Sample images</h2><p class="note">${escapeHtml(caption)}</p><ul class="samples">${cards.join('')}</ul></section>`
}

async function card({ image, truth, classes }: Sample): Promise<string> {
  const right = classes[0]?.className === truth
  const bars = classes.map(({ className, probability }) => {
    const percent = (100 * probability).toFixed(0)
    return `<li><span class="bar" style="--share:${percent}%"></span><span>${escapeHtml(className)}</span><b>${percent} %</b></li>`
  })
  const small = image.width <= 96 ? ' class="pixelated"' : ''
  return `<li class="${right ? 'right' : 'wrong'}"><img${small} src="${await dataUri(image)}" alt="${escapeHtml(truth)}">
<p><b>${escapeHtml(truth)}</b><br><small>${right ? '✓ recognised' : '✗ mistaken'}</small></p><ol>${bars.join('')}</ol></li>`
}

async function dataUri({ width, height, data }: RgbImage): Promise<string> {
  const png = await sharp(data, { raw: { width, height, channels: 3 } })
    .resize(LARGEST, LARGEST, { fit: 'inside', withoutEnlargement: true })
    .png()
    .toBuffer()
  return `data:image/png;base64,${png.toString('base64')}`
}
