import type { Part } from '../data/dataset.js'
import type { LabelDoubt } from './confident-learning.js'
import type { DuplicateGroup } from './duplicates.js'
import type { PoorKind } from './poor-picture.js'
import type { UnlikeClass } from './unlike-class.js'

/** Margin of probabilities from which a label is taken to be wrong; below it is worth a look (docs/clean.md). */
const SURE_MARGIN = 0.5

/** A picture of a data set that was looked at. */
export interface ExaminedPicture {
  readonly name: string
  readonly part: Part
  readonly label: number
  /** Width times height; 0 where it cannot be read. */
  readonly pixels: number
  /** Equal for pictures of equal pixels; undefined where it cannot be read. */
  readonly content: string | undefined
  /** Why it cannot be read. */
  readonly problem?: string | undefined
}

/** What was found in a data set. Numbers of pictures are places in `pictures`. */
export interface Examination {
  readonly name: string
  readonly classNames: readonly string[]
  readonly pictures: readonly ExaminedPicture[]
  readonly groups: readonly DuplicateGroup[]
  readonly doubts: readonly LabelDoubt[]
  readonly unlike: readonly UnlikeClass[]
  readonly poor: readonly { readonly index: number; readonly kind: PoorKind; readonly detail: string }[]
  /** Labels of base classes, where copies between base and novel classes count. */
  readonly base?: ReadonlySet<number> | undefined
}

/** Where the copies of a picture are. */
export type Between = 'train and test' | 'two classes' | 'base and novel'

/** What may be done with a picture. */
export type Action =
  | { readonly kind: 'keep' }
  | { readonly kind: 'remove' }
  | { readonly kind: 'move'; readonly label: number }

/** Something about a picture that a person should see. */
export type Problem =
  | {
      readonly kind: 'copy' | 'near copy'
      /** All that are copies of each other, the picture among them, in ascending order. */
      readonly images: readonly number[]
      readonly between: readonly Between[]
    }
  | { readonly kind: 'label'; readonly likely: number; readonly margin: number; readonly sure: boolean }
  | { readonly kind: 'unlike'; readonly likeness: number; readonly usual: number }
  | { readonly kind: 'unreadable' | PoorKind; readonly detail: string }

/** A picture with its problems and what is advised. */
export interface Finding {
  readonly picture: number
  readonly problems: readonly Problem[]
  readonly advice: Action
}

/**
 * What to see of each picture that has a problem, with an advice: in the order of the pictures.
 *
 * Removed are unreadable pictures, exact copies but one, and of copies in several parts all but those of the last of train, val and
 * test: what is measured stays. Near copies within a part and a class stay, as do pictures that are copies in several classes,
 * unless all but one of these labels are doubted. Labels that are surely wrong are moved,
 * unless the picture is hard to see. All else is kept.
 */
export function findingsOf(examination: Examination): Finding[] {
  const { pictures, groups, doubts, unlike, poor } = examination
  const problems = new Map<number, Problem[]>()
  const add = (picture: number, problem: Problem) => {
    const own = problems.get(picture)
    if (own) own.push(problem)
    else problems.set(picture, [problem])
  }
  const advice = new Map<number, Action>()
  for (const [i, { problem }] of pictures.entries()) {
    if (problem === undefined) continue
    add(i, { kind: 'unreadable', detail: problem })
    advice.set(i, { kind: 'remove' })
  }
  const hardToSee = new Set(poor.map(({ index }) => index))
  for (const { index, likely, margin } of doubts) {
    const sure = margin >= SURE_MARGIN && !hardToSee.has(index)
    add(index, { kind: 'label', likely, margin, sure })
    if (sure) advice.set(index, { kind: 'move', label: likely })
  }
  const doubted = new Set(doubts.map(({ index }) => index))
  for (const { images, exact } of groups) {
    for (const same of equal(examination, images)) {
      const between = betweenOf(examination, same)
      for (const i of same) add(i, { kind: 'copy', images: same, between })
    }
    const between = betweenOf(examination, images)
    if (!exact) for (const i of images) add(i, { kind: 'near copy', images, between })
    for (const i of superfluous(examination, images, doubted)) advice.set(i, { kind: 'remove' })
  }
  for (const { index, likeness, usual } of unlike) add(index, { kind: 'unlike', likeness, usual })
  for (const { index, kind, detail } of poor) add(index, { kind, detail })
  return [...problems]
    .sort(([a], [b]) => a - b)
    .map(([picture, own]) => ({ picture, problems: own, advice: advice.get(picture) ?? { kind: 'keep' } }))
}

/** Pictures of a group that have the same pixels, where several have. */
function equal({ pictures }: Examination, images: readonly number[]): number[][] {
  const byContent = new Map<string | undefined, number[]>()
  for (const i of images) {
    const { content } = pictures[i]!
    byContent.set(content, [...(byContent.get(content) ?? []), i])
  }
  return [...byContent.values()].filter(({ length }) => length > 1)
}

/** What makes copies worse than double. */
function betweenOf(
  { pictures, base }: Pick<Examination, 'pictures' | 'base'>,
  images: readonly number[],
): Between[] {
  const differ = (of: (i: number) => unknown) => new Set(images.map(of)).size > 1
  return [
    ...(differ((i) => pictures[i]!.part) ? (['train and test'] as const) : []),
    ...(differ((i) => pictures[i]!.label) ? (['two classes'] as const) : []),
    ...(base && differ((i) => base.has(pictures[i]!.label)) ? (['base and novel'] as const) : []),
  ]
}

const order: Readonly<Record<Part, number>> = { test: 0, val: 1, train: 2 }

/** Copies that are better removed. */
function superfluous(
  { pictures }: Examination,
  images: readonly number[],
  doubted: ReadonlySet<number>,
): number[] {
  const trusted = images.filter((i) => !doubted.has(i))
  const labels = new Set((trusted.length > 0 ? trusted : images).map((i) => pictures[i]!.label))
  if (labels.size > 1) return []
  const of = (i: number) => pictures[i]!
  const [kept, ...others] = [...images].sort(
    (a, b) =>
      Number(doubted.has(a)) - Number(doubted.has(b)) ||
      order[of(a).part] - order[of(b).part] ||
      of(b).pixels - of(a).pixels ||
      a - b,
  )
  const contents = new Set([of(kept!).content])
  return others.filter((i) => {
    const { part, label, content } = of(i)
    if (part !== of(kept!).part || label !== of(kept!).label || contents.has(content)) return true
    contents.add(content)
    return false
  })
}
