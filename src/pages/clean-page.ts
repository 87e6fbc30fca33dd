import type { Examination, Finding, Problem } from '../core/curate/findings.js'
import type { RgbImage } from '../core/image/resize.js'
import { escapeHtml, page, type Section } from './page.js'
import { isPixelated } from './picture.js'
import {
  actionText,
  classSizes,
  type ProblemKind,
  problemHeadings,
  problemKind,
  UNBALANCED,
} from './problem-words.js'

/** Pictures shown of each kind: a page of thousands would be slow, and nobody would look at the end of it. */
const SHOWN = 240
/** Copies shown of one picture. */
const COPIES = 12
/** Longest side of a thumbnail, in pixels: twice that of its place on a narrow page. */
const LARGEST = 240

const notes: Partial<Record<ProblemKind, string>> = {
  'copy train and test':
    'Accuracy on pictures that were trained on says nothing. Advised is to remove the copy in train.',
  'near copy train and test':
    'Re-encoded, resized or cropped copies, or photos of one burst. Advised is to remove the one in train.',
  'copy two classes': 'Only one of the classes can be right. Where neither is doubted, the choice is yours.',
  'near copy two classes':
    'Only one of the classes can be right. Where neither is doubted, the choice is yours.',
  'near copy twice': 'Kept unless you say otherwise: they do no harm but count twice.',
  'label sure':
    'A classifier that has not seen the picture, trained on the others, is sure of another class. The surest first.',
  'label doubt': 'Another class is likelier than is usual for it. Many of these labels are right.',
  unlike:
    'Far from all others of the class: a mistake, or its only picture of a kind, which is worth keeping.',
  blurred: 'Few edges, measured at about the size that the model sees.',
}

/**
 * What was found in a data set as an HTML page: copies side by side, doubtful labels with the likely one, all with what is
 * advised.
 *
 * @param load decodes a picture of the examination by its place
 */
export async function cleanPage(
  examination: Examination,
  findings: readonly Finding[],
  load: (picture: number) => Promise<RgbImage>,
): Promise<string> {
  const { name, pictures, classNames } = examination
  const sections: Section[] = []
  for (const kind of Object.keys(problemHeadings) as ProblemKind[]) {
    const own = findings.flatMap((finding) => {
      const problem = finding.problems.find((each) => problemKind(each) === kind)
      return problem ? [{ ...finding, problem }] : []
    })
    if (own.length > 0) sections.push(await sectionOf(examination, kind, own, load))
  }
  sections.push(sizesSection(examination))
  const data = {
    title: `Clean ${name}`,
    subtitle: `${findings.length.toLocaleString('en')} of ${pictures.length.toLocaleString('en')} pictures of ${classNames.length} classes to look at`,
    date: new Date().toISOString(),
    notes: [
      'Nothing was changed. Write a list by --list, edit its column action (keep, remove, move to CLASS), and apply it by --apply.',
    ],
  }
  return page(data, sections)
}

interface Shown extends Finding {
  readonly problem: Problem
}

async function sectionOf(
  examination: Examination,
  kind: ProblemKind,
  findings: readonly Shown[],
  load: (picture: number) => Promise<RgbImage>,
): Promise<Section> {
  const card = (finding: Shown) => cardOf(examination, finding, load)
  const first = findings[0]!.problem
  let shown = 0
  let html: string
  if ('images' in first) {
    const firstOf = ({ problem }: Shown) => (problem as typeof first).images[0]!
    const firsts = [...new Set(findings.map(firstOf))]
    const rows: string[] = []
    for (const one of firsts) {
      if (shown >= SHOWN) break
      const own = findings.filter((finding) => firstOf(finding) === one)
      const cards: string[] = []
      for (const finding of own.slice(0, COPIES)) cards.push(await card(finding))
      shown += own.length
      const more = own.length > COPIES ? `<p class="note">and ${own.length - COPIES} more</p>` : ''
      rows.push(`<li><ul class="samples">${cards.join('\n')}</ul>${more}</li>`)
    }
    html = `<ul class="groups">${rows.join('\n')}</ul>`
  } else {
    const surest = [...findings].sort(
      (a, b) => marginOf(b.problem) - marginOf(a.problem) || a.picture - b.picture,
    )
    const cards: string[] = []
    for (const finding of surest.slice(0, SHOWN)) cards.push(await card(finding))
    shown = cards.length
    html = `<ul class="samples">${cards.join('\n')}</ul>`
  }
  const heading = problemHeadings[kind]
  const left = findings.length > shown ? [`${findings.length - shown} more are in the list.`] : []
  const note = [notes[kind] ?? [], left].flat().join(' ')
  return {
    id: kind.replaceAll(' ', '-'),
    title: `${heading[0]!.toUpperCase()}${heading.slice(1)}: ${findings.length.toLocaleString('en')}`,
    html: `${note ? `<p class="note">${escapeHtml(note)}</p>` : ''}${html}`,
  }
}

const marginOf = (problem: Problem): number => (problem.kind === 'label' ? problem.margin : 0)

async function cardOf(
  { pictures, classNames }: Examination,
  { picture, problem, advice }: Shown,
  load: (picture: number) => Promise<RgbImage>,
): Promise<string> {
  const { name, label, part, problem: unreadable } = pictures[picture]!
  const given = classNames[label]!
  const image =
    unreadable === undefined
      ? await pictureOf(await load(picture), `Picture labelled ${given}`)
      : '<span class="missing" aria-hidden="true">✗</span>'
  const advised = advice.kind === 'keep' ? 'right' : 'wrong'
  return `<li class="${advised}">${image}<p><b>${escapeHtml(given)}${labelText(problem, classNames)}</b><span class="verdict">${escapeHtml(actionText(advice, classNames))}</span></p>
<p class="name">${escapeHtml(name)} <small>${part}</small></p>${detailText(problem)}</li>`
}

const labelText = (problem: Problem, classNames: readonly string[]): string =>
  problem.kind === 'label' ? ` <span class="likely">→ ${escapeHtml(classNames[problem.likely])}?</span>` : ''

function detailText(problem: Problem): string {
  const detail =
    problem.kind === 'label'
      ? `margin ${problem.margin.toFixed(2)}`
      : problem.kind === 'unlike'
        ? `likeness ${problem.likeness.toFixed(2)}; ${problem.usual.toFixed(2)} is usual`
        : 'detail' in problem
          ? problem.detail
          : ''
  return detail === '' ? '' : `<p class="name">${escapeHtml(detail)}</p>`
}

/** A small picture inside the page; photos as JPEG, as there may be hundreds. */
async function pictureOf(image: RgbImage, alt: string): Promise<string> {
  const { width, height, data } = image
  const { default: sharp } = await import('sharp')
  const pixelated = isPixelated(image)
  const small = sharp(data, { raw: { width, height, channels: 3 } }).resize(LARGEST, LARGEST, {
    fit: 'inside',
    withoutEnlargement: true,
  })
  const bytes = await (pixelated ? small.png() : small.jpeg({ quality: 78 })).toBuffer()
  const uri = `data:image/${pixelated ? 'png' : 'jpeg'};base64,${bytes.toString('base64')}`
  return `<img${pixelated ? ' class="pixelated"' : ''} src="${uri}" alt="${escapeHtml(alt)}">`
}

function sizesSection(examination: Examination): Section {
  const { classNames, pictures } = examination
  const { least, most } = classSizes(examination)
  const trained = pictures.some(({ part }) => part === 'train')
  const counts = classNames.map(() => 0)
  for (const { part, label } of pictures) if (part === 'train' || !trained) counts[label]!++
  const rows = [...counts.keys()]
    .sort((a, b) => counts[b]! - counts[a]! || a - b)
    .map((label) => {
      const share = ((100 * counts[label]!) / Math.max(1, most.images)).toFixed(0)
      return `<tr><th scope="row">${escapeHtml(classNames[label])}</th><td class="bar" aria-hidden="true"><span style="--share:${share}%"></span></td><td class="number">${counts[label]}</td></tr>`
    })
  const unbalanced = most.images >= UNBALANCED * Math.max(1, least.images)
  const note = unbalanced
    ? `Unbalanced: ${most.className} has ${most.images}, ${least.className} ${least.images}. Few-shot training takes equally many of each; measures of all pictures are ruled by the large classes.`
    : 'No class has three times the pictures of another.'
  return {
    id: 'sizes',
    title: `${trained ? 'Training pictures' : 'Pictures'} of each class`,
    html: `<p class="note">${escapeHtml(note)}</p><table class="classes"><thead><tr><th scope="col">class</th><th></th><th scope="col" class="number">pictures</th></tr></thead><tbody>${rows.join('')}</tbody></table>`,
  }
}
