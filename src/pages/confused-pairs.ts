import { escapeHtml } from './escape-html.js'

/** Pairs listed. */
const MOST = 10

/** The pairs of classes most often confused, as a table. */
export function confusedPairs(
  classNames: readonly string[],
  confusion: readonly (readonly number[])[],
): string {
  const pairs = confusion
    .flatMap((row, i) => row.map((images, j) => ({ truth: i, seen: j, images: i === j ? 0 : images })))
    .filter(({ images }) => images > 0)
    .sort((a, b) => b.images - a.images)
    .slice(0, MOST)
  const heading = '<h3>Most frequent confusions</h3>'
  if (pairs.length === 0) return `${heading}<p class="confusions">No image was mistaken.</p>`
  const rows = pairs.map(
    ({ truth, seen, images }) =>
      `<tr><td>${escapeHtml(classNames[truth])}</td><td>${escapeHtml(classNames[seen])}</td><td class="number">${images}</td></tr>`,
  )
  return `${heading}<table class="confusions"><thead><tr><th scope="col">True class</th><th scope="col">Recognised as</th><th scope="col" class="number">Images</th></tr></thead><tbody>${rows.join('')}</tbody></table>`
}
