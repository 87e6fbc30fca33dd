import type { ContextPrompt, ContextVector } from '../core/interpret/context-words.js'
import { displayName } from '../core/interpret/token-name.js'
import { escapeHtml, type Section } from './page.js'
import type { ReportData } from './report-data.js'

/** The words nearest to each context vector; prompts beyond the first are folded away. */
export function contextSection({ caption, prompts }: NonNullable<ReportData['context']>): Section {
  const tables = prompts.map(({ name, vectors }, k) =>
    name === undefined
      ? table(vectors, 'Vectors of the learned context')
      : `<details${k === 0 ? ' open' : ''}><summary>${escapeHtml(name)}</summary>${table(vectors, `Context of ${name}`)}</details>`,
  )
  return {
    id: 'context',
    title: 'The learned context in words',
    html: `<p class="note">${escapeHtml(caption)}</p>
<p class="note">Under each word: Euclidean distance to its token embedding, then the cosine of the angle. Where the nearest word is about as far as the average token, it says little about what the vector means.</p>${tables.join('\n')}`,
  }
}

function table(vectors: ContextPrompt['vectors'], label: string): string {
  const ranks = vectors[0]!.nearest.map((_, i) => `<th scope="col">${i === 0 ? 'Nearest' : `${i + 1}`}</th>`)
  const started = vectors.some(({ start }) => start !== undefined)
  const head = `<th scope="col">Vector</th>${started ? '<th scope="col">Began as</th><th scope="col" class="number">Moved by</th>' : ''}${ranks.join('')}<th scope="col" class="number">Average token</th>`
  const rows = vectors.map((vector, i) => row(vector, i, started))
  return `<div class="scroll" role="region" aria-label="${escapeHtml(label)}" tabindex="0"><table class="words"><thead><tr>${head}</tr></thead><tbody>${rows.join('')}</tbody></table></div>`
}

function row({ start, nearest, meanDistance }: ContextVector, index: number, started: boolean): string {
  const origin = start?.word ? escapeHtml(displayName(start.word)) : '<small>random</small>'
  const begun = started
    ? `<td>${start ? origin : '–'}</td><td class="number">${start?.distance.toFixed(3) ?? '–'}</td>`
    : ''
  const words = nearest.map(
    (near) =>
      `<td><bdi>${escapeHtml(displayName(near))}</bdi><small>${near.distance.toFixed(3)} · ${near.cosine.toFixed(2)}</small></td>`,
  )
  return `<tr><th scope="row">${index + 1}</th>${begun}${words.join('')}<td class="number">${meanDistance.toFixed(3)}</td></tr>`
}
