import { counted } from '../core/counted.js'
import type { Examination, Finding } from '../core/curate/findings.js'
import { formatTable } from '../lab/results/formats/text-table.js'
import {
  classSizes,
  type ProblemKind,
  problemHeadings,
  problemKind,
  problemText,
  UNBALANCED,
} from '../pages/problem-words.js'
import { findingRows } from './clean-list.js'

/** Pictures shown of each kind; the list and the page have them all. */
const SHOWN = 5

/** What was found, in words: a table, and of each kind the first pictures. */
export function examinationText(examination: Examination, findings: readonly Finding[]): string {
  const { name, pictures, classNames } = examination
  const head = `${name}: ${counted(pictures.length, 'picture')} of ${counted(classNames.length, 'class', 'classes')} (${partsText(examination)})\n`
  const kinds = byKind(findings)
  if (kinds.size === 0) return [head, `nothing found\n`, sizesText(examination)].join('\n')
  const rows = [...kinds].map(([kind, own]) => [problemHeadings[kind], `${own.length}`, adviceText(own)])
  const details = [...kinds].map(([kind, own]) => {
    const lines = own.slice(0, SHOWN).map(({ picture, problems }) => {
      const problem = problems.find((each) => problemKind(each) === kind)!
      return `  ${pictures[picture]!.name}: ${problemText(examination, picture, problem)}`
    })
    const more = own.length > SHOWN ? [`  … and ${own.length - SHOWN} more`] : []
    return `${[`${problemHeadings[kind]}:`, ...lines, ...more].join('\n')}\n`
  })
  return [
    head,
    `${formatTable(['found', 'pictures', 'advice'], rows)}\n`,
    ...details,
    sizesText(examination),
  ].join('\n')
}

/** Findings by the kinds that they have, kinds in their order. */
function byKind(findings: readonly Finding[]): Map<ProblemKind, Finding[]> {
  const kinds = new Map<ProblemKind, Finding[]>()
  for (const kind of Object.keys(problemHeadings) as ProblemKind[]) {
    const own = findings.filter(({ problems }) => problems.some((each) => problemKind(each) === kind))
    if (own.length > 0) kinds.set(kind, own)
  }
  return kinds
}

function adviceText(findings: readonly Finding[]): string {
  const count = (kind: string) => findings.filter(({ advice }) => advice.kind === kind).length
  const parts = (['remove', 'move'] as const).flatMap((kind) =>
    count(kind) > 0 ? [`${kind} ${count(kind)}`] : [],
  )
  return parts.length > 0 ? parts.join(', ') : 'look'
}

function partsText({ pictures }: Examination): string {
  const counts = (['train', 'val', 'test'] as const).map((part) => ({
    part,
    count: pictures.filter((picture) => picture.part === part).length,
  }))
  return counts
    .flatMap(({ part, count }) => (count > 0 ? [`${part} ${count.toLocaleString('en')}`] : []))
    .join(', ')
}

function sizesText(examination: Examination): string {
  const { least, most } = classSizes(examination)
  const range =
    least.images === most.images
      ? `${most.images}`
      : `${least.images} (${least.className}) to ${most.images} (${most.className})`
  return `training pictures a class: ${range}${most.images >= UNBALANCED * Math.max(1, least.images) ? '; unbalanced' : ''}\n`
}

/** What was found as JSON. */
export function examinationFacts(
  examination: Examination,
  findings: readonly Finding[],
): Record<string, unknown> {
  const { name, classNames, pictures, groups } = examination
  const counts = Object.fromEntries([...byKind(findings)].map(([kind, own]) => [kind, own.length]))
  const { least, most } = classSizes(examination)
  return {
    data: name,
    classes: classNames.length,
    pictures: pictures.length,
    counts,
    groups: groups.map(({ images, exact }) => ({ exact, images: images.map((i) => pictures[i]!.name) })),
    images: findingRows(examination, findings).map((row, i) => ({
      ...row,
      kinds: findings[i]!.problems.map(problemKind),
    })),
    classSizes: { least, most, unbalanced: most.images >= UNBALANCED * Math.max(1, least.images) },
  }
}
