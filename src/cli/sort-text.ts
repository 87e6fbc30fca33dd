import { counted } from '../core/counted.js'
import type { Verdict, VerdictOptions } from '../core/evaluate/verdict.js'
import { formatTable } from '../lab/results/formats/text-table.js'
import type { FoundPhotos, Unreadable } from '../node/sort/find-photos.js'
import type { How } from '../node/sort/journal.js'
import type { JudgedPhoto } from '../node/sort/judge-photos.js'
import type { PlannedPhoto } from '../node/sort/plan.js'
import type { KeywordPlan } from '../node/sort/tag-photos.js'

/** Lines shown of a list that may be long; `--json` has them all. */
const SHOWN = 10

/** A plan as it is printed. */
export interface SortPlan extends VerdictOptions {
  readonly folder: string
  readonly into: string
  readonly how: How
  readonly photos: readonly PlannedPhoto[]
  readonly found: FoundPhotos
  readonly unreadable: readonly Unreadable[]
  readonly sortedBefore: number
}

const verbs: Readonly<Record<How, readonly [plan: string, done: string]>> = {
  copy: ['copy', 'copied'],
  move: ['move', 'moved'],
  hardlink: ['hard-link', 'hard-linked'],
  symlink: ['link to', 'linked to'],
  keywords: ['tag', 'tagged'],
}

export const verb = (how: How): string => verbs[how][0]
export const participle = (how: How): string => verbs[how][1]

/** The plan in words: how many go where, what is uncertain, what stays. */
export function planText(plan: SortPlan): string {
  const transfers = plan.photos.flatMap((photo) => photo.transfers)
  const bytes = transfers.reduce((sum, file) => sum + file.bytes, 0)
  const size = plan.how === 'copy' ? ` (${megabytes(bytes)})` : ''
  const head = `${verb(plan.how)} ${counted(transfers.length, 'file')}${size} of ${plan.folder} into ${plan.into}\n`
  const judged = [...noneLines(plan, plan.photos), ...uncertainLines(plan.photos)]
  return [head, folderTable(plan.photos), ...judged, ...stayingLines(plan)].join('\n')
}

/** Pictures and what goes with them, by folder. */
function folderRows(
  photos: readonly PlannedPhoto[],
): { folder: string; kind: Verdict['kind']; className?: string; pictures: number; companions: number }[] {
  const folders = new Map<string, PlannedPhoto[]>()
  for (const photo of photos) {
    const own = folders.get(photo.folder)
    if (own) own.push(photo)
    else folders.set(photo.folder, [photo])
  }
  const order = { class: 0, uncertain: 1, none: 2 }
  return [...folders]
    .map(([folder, own]) => {
      const { kind, classes } = own[0]!.verdict
      return {
        folder,
        kind,
        ...(kind === 'class' ? { className: classes[0]!.className } : {}),
        pictures: own.length,
        companions: own.reduce((sum, { transfers }) => sum + transfers.length - 1, 0),
      }
    })
    .sort(
      (a, b) => order[a.kind] - order[b.kind] || b.pictures - a.pictures || (a.folder < b.folder ? -1 : 1),
    )
}

function folderTable(photos: readonly PlannedPhoto[]): string {
  const rows = folderRows(photos).map(({ folder, pictures, companions }) => [
    `${folder}/`,
    `${pictures}`,
    companions === 0 ? '' : `${companions}`,
  ])
  return `${formatTable(['folder', 'pictures', 'with them'], rows)}\n`
}

/** By what measure pictures are none of the classes, where some are. */
function noneLines(
  { threshold, thresholdOf }: VerdictOptions,
  judged: readonly { readonly verdict: Verdict }[],
): string[] {
  if (judged.every(({ verdict }) => verdict.kind !== 'none')) return []
  return [`none of these: ${thresholdOf} below ${threshold.toFixed(thresholdOf === 'score' ? 6 : 2)}\n`]
}

function uncertainLines(photos: readonly PlannedPhoto[]): string[] {
  const uncertain = photos.filter(({ verdict }) => verdict.kind === 'uncertain')
  return listed(
    'uncertain:',
    uncertain.map(({ photo, verdict }) => `${photo.path}: ${answers(verdict)}`),
  )
}

const answers = ({ classes }: Verdict): string =>
  classes.map(({ className, probability }) => `${className} ${(100 * probability).toFixed(0)} %`).join(', ')

/** What is left alone, and why. */
function stayingLines({
  found,
  unreadable,
  sortedBefore = 0,
}: Pick<SortPlan, 'found' | 'unreadable'> & { readonly sortedBefore?: number }): string[] {
  const lines = listed(
    'stay, as they cannot be read:',
    unreadable.map(({ path, reason }) => `${path}: ${reason}`),
  )
  if (sortedBefore > 0) lines.push(`${counted(sortedBefore, 'picture')} sorted before\n`)
  const { links, others } = found
  if (links.length > 0)
    lines.push(`${counted(links.length, 'symbolic link')} left alone: links are not followed\n`)
  if (others.length > 0) lines.push(`${counted(others.length, 'file')} left alone: no pictures, nor of one\n`)
  return lines
}

/** A heading and lines below it; nothing where there are none. */
export function listed(heading: string, lines: readonly string[]): string[] {
  if (lines.length === 0) return []
  const rest = lines.length > SHOWN ? [`  … and ${lines.length - SHOWN} more (--json lists all)`] : []
  return [`${[heading, ...lines.slice(0, SHOWN).map((line) => `  ${line}`), ...rest].join('\n')}\n`]
}

function megabytes(bytes: number): string {
  return bytes < 1e9 ? `${(bytes / 1e6).toFixed(1)} MB` : `${(bytes / 1e9).toFixed(1)} GB`
}

/** The plan as JSON, all pictures in it. */
export function planFacts(plan: SortPlan): Record<string, unknown> {
  const { folder, into, how, threshold, thresholdOf, margin, photos, found, unreadable, sortedBefore } = plan
  return {
    folder,
    into,
    how,
    threshold,
    thresholdOf,
    margin,
    folders: folderRows(photos),
    photos: photos.map(({ photo, verdict, transfers: [picture, ...companions] }) => ({
      image: photo.path,
      to: picture!.to,
      ...verdict,
      companions: companions.map(({ path, to }) => ({ image: path, to })),
    })),
    unreadable,
    links: found.links,
    others: found.others,
    sortedBefore,
  }
}

/** A plan of keywords as it is printed. */
export interface PrintedKeywords extends KeywordPlan, Omit<SortPlan, 'photos'> {
  readonly judged: readonly JudgedPhoto[]
}

/** The plan in words: how many pictures get which keyword, and which sidecars are left alone. */
export function keywordText(plan: PrintedKeywords): string {
  const counts = new Map<string, number>()
  for (const { keyword } of plan.entries) counts.set(keyword, (counts.get(keyword) ?? 0) + 1)
  const rows = [...counts].sort((a, b) => b[1] - a[1]).map(([keyword, count]) => [keyword, `${count}`])
  const without = plan.judged.filter(({ verdict }) => verdict.kind !== 'class').length
  return [
    `write keywords into ${counted(plan.entries.length, 'XMP sidecar')} in ${plan.folder}\n`,
    `${formatTable(['keyword', 'pictures'], rows)}\n`,
    ...(plan.tagged > 0 ? [`${counted(plan.tagged, 'picture')} with the keyword already\n`] : []),
    ...(without > 0 ? [`${counted(without, 'picture')} without one: uncertain, or none of these\n`] : []),
    ...noneLines(plan, plan.judged),
    ...listed(
      'left alone:',
      plan.refused.map(({ path, reason }) => `${path}: ${reason}`),
    ),
    ...stayingLines(plan),
  ].join('\n')
}

export function keywordFacts(plan: PrintedKeywords): Record<string, unknown> {
  const { folder, how, threshold, thresholdOf, margin, judged, entries, tagged, refused, unreadable, found } =
    plan
  return {
    folder,
    how,
    threshold,
    thresholdOf,
    margin,
    photos: judged.map(({ photo, verdict }) => ({ image: photo.path, ...verdict })),
    keywords: entries,
    tagged,
    refused,
    unreadable,
    links: found.links,
    others: found.others,
  }
}
