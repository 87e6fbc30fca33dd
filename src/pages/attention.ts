import type { ImageAttention, View } from '../core/interpret/image-attention.js'
import { heatColours, heatMap, whereStrongest } from './heat-map.js'
import { escapeHtml, type Section } from './page.js'
import { dataUri, isPixelated } from './picture.js'
import type { AttentionData } from './report-data.js'

/** Each image beside its attention rollout before and after prompting. */
export async function attentionSection(data: AttentionData): Promise<Section> {
  const html = 'absent' in data ? `<p>No pictures: ${escapeHtml(data.absent)}.</p>` : await pictures(data)
  return { id: 'attention', title: 'What the image tower looks at', html }
}

async function pictures({ caption, items }: Exclude<AttentionData, { absent: string }>): Promise<string> {
  const cards = await Promise.all(items.map(card))
  const share = items.reduce((sum, { after }) => sum + after.prompts, 0) / items.length
  const scale = heatColours.map((colour) => `rgb(${colour.join(' ')})`).join(',')
  return `<p class="note">${escapeHtml(caption)}</p>
<p class="note">Attention rollout (Abnar &amp; Zuidema 2020) from the class token to the image's patches: the attention of all blocks multiplied, residual connections included. Colours compare a patch with an even share of what reaches the image; both maps of an image have the same scale.
<span class="scale"><span>less</span><i style="--scale:${scale}"></i><span>more</span></span></p>
<p>After prompting, <b>${percent(share)}</b> of the attention goes to the visual prompts on average.</p>
<ul class="looks">${cards.join('\n')}</ul>`
}

async function card({ name, truth, image, grid, before, after }: ImageAttention): Promise<string> {
  const relative = [before, after].map(perEvenShare)
  const all = relative.flat()
  const range = [Math.min(...all), Math.max(...all)] as const
  const pixelated = isPixelated(image) ? ' class="pixelated"' : ''
  const picture = async (values: readonly number[] | undefined, alt: string) => {
    const shown = values ? heatMap(image, { values, side: grid, range }) : image
    return `<img${pixelated} src="${await dataUri(shown)}" alt="${escapeHtml(alt)}">`
  }
  const map = async (view: View, values: readonly number[], when: string) =>
    `<figure>${await picture(values, `Heat map ${when}, strongest at the ${whereStrongest({ values, side: grid })}`)}<figcaption><b>${when}</b>${prediction(view, truth)}</figcaption></figure>`
  return `<li><p><b>${escapeHtml(truth ?? name)}</b>${truth === undefined ? '' : `<small>${escapeHtml(name)}</small>`}</p>
<div class="look"><figure>${await picture(undefined, `Image ${truth === undefined ? name : `of ${truth}`}`)}<figcaption><b>as the model sees it</b></figcaption></figure>${await map(before, relative[0]!, 'before prompting')}${await map(after, relative[1]!, 'after prompting')}</div>
<p class="note">${percent(after.prompts)} of the attention goes to prompts. Darkest ${range[0].toFixed(1)}, lightest ${range[1].toFixed(1)} times an even share.</p></li>`
}

/** The likeliest class; right and wrong are told by a mark, not by colour alone. */
function prediction({ classes }: View, truth: string | undefined): string {
  const { className, probability } = classes[0]!
  const right = className === truth
  const mark = truth === undefined ? '' : right ? '✓ ' : '✗ '
  const style = truth === undefined ? '' : ` class="${right ? 'right' : 'wrong'}"`
  return `<span${style}>${mark}${escapeHtml(className)} ${percent(probability)}</span>`
}

/** Each patch's share of what reaches the patches, as a multiple of an even share. */
function perEvenShare({ patches }: View): number[] {
  const total = patches.reduce((sum, value) => sum + value, 0)
  return Array.from(patches, (value) => (value / total) * patches.length)
}

/** With a space that no line ends at. */
const percent = (share: number) => `${(100 * share).toFixed(share < 0.1 ? 1 : 0)}\u00a0%`
