import type { Action, Between, Examination, Problem } from '../core/curate/findings.js'

/** Kinds of problems in the order in which they are told, each with its heading. */
export const problemHeadings = {
  'copy train and test': 'the same picture in train and test',
  'copy base and novel': 'the same picture in base and novel classes',
  'copy two classes': 'the same picture in two classes',
  'copy twice': 'the same picture twice',
  'near copy train and test': 'nearly the same picture in train and test',
  'near copy base and novel': 'nearly the same picture in base and novel classes',
  'near copy two classes': 'nearly the same picture in two classes',
  'near copy twice': 'nearly the same picture twice',
  'label sure': 'labels that are probably wrong',
  'label doubt': 'labels worth a look',
  unlike: 'pictures unlike their class',
  unreadable: 'pictures that cannot be read',
  tiny: 'tiny pictures',
  blurred: 'pictures that are blurred, or without detail',
  dark: 'dark pictures',
  overexposed: 'overexposed pictures',
} as const

/** See {@link problemHeadings}. */
export type ProblemKind = keyof typeof problemHeadings

const gravest: readonly Between[] = ['train and test', 'base and novel', 'two classes']

/** The heading that a problem stands under; copies stand under the worst that they are. */
export function problemKind(problem: Problem): ProblemKind {
  if (problem.kind === 'label') return problem.sure ? 'label sure' : 'label doubt'
  if (problem.kind !== 'copy' && problem.kind !== 'near copy') return problem.kind
  return `${problem.kind} ${gravest.find((each) => problem.between.includes(each)) ?? 'twice'}`
}

/** Copies named in words; the others of a large group are counted. */
const NAMED = 3

/** A problem of a picture in words. */
export function problemText(
  { pictures, classNames }: Examination,
  picture: number,
  problem: Problem,
): string {
  switch (problem.kind) {
    case 'copy':
    case 'near copy': {
      const others = problem.images.filter((i) => i !== picture)
      const named = others.slice(0, NAMED).map((i) => pictures[i]!.name)
      const more = others.length > NAMED ? [`${others.length - NAMED} more`] : []
      const where = problem.between.length > 0 ? ` (in ${problem.between.join(', ')})` : ''
      return `${problem.kind === 'copy' ? 'the same' : 'nearly the same'} as ${[...named, ...more].join(', ')}${where}`
    }
    case 'label':
      return `${problem.sure ? 'probably' : 'perhaps'} ${classNames[problem.likely]} (margin ${problem.margin.toFixed(2)})`
    case 'unlike':
      return `unlike its class (likeness ${problem.likeness.toFixed(2)}; ${problem.usual.toFixed(2)} is usual)`
    default:
      return `${problem.kind}: ${problem.detail}`
  }
}

/** An action as lists have it. */
export const actionText = (action: Action, classNames: readonly string[]): string =>
  action.kind === 'move' ? `move to ${classNames[action.label]}` : action.kind

/** Training pictures of the smallest and the largest class. */
export function classSizes({ classNames, pictures }: Examination): {
  readonly least: { readonly className: string; readonly images: number }
  readonly most: { readonly className: string; readonly images: number }
} {
  const counts = classNames.map(() => 0)
  const trained = pictures.some(({ part }) => part === 'train')
  for (const { part, label } of pictures) if (part === 'train' || !trained) counts[label]!++
  const of = (images: number) => ({ className: classNames[counts.indexOf(images)]!, images })
  return { least: of(Math.min(...counts)), most: of(Math.max(...counts)) }
}

/** The largest class has so many times the pictures of the smallest: the data is unbalanced. */
export const UNBALANCED = 3
