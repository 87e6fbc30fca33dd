import { type Examination, findingsOf } from '../src/core/curate/findings.js'
import type { Truth } from './planted-faults.js'

/** Right ones among those found, and found ones among those planted. */
export interface Score {
  right: number
  found: number
  hit: number
  planted: number
}

/** Counts of `clean`'s findings by what was planted, summed over the sets that are judged. */
export class FindingScores {
  readonly kinds = new Map<string, Score>()

  private add(kind: string, { right, found, hit, planted }: Score): void {
    const sum = this.kinds.get(kind) ?? { right: 0, found: 0, hit: 0, planted: 0 }
    this.kinds.set(kind, {
      right: sum.right + right,
      found: sum.found + found,
      hit: sum.hit + hit,
      planted: sum.planted + planted,
    })
  }

  /** @param truths what was done to every picture, by its name */
  judge(found: Examination, truths: ReadonlyMap<string, Truth>): void {
    const truth = (i: number) => truths.get(found.pictures[i]!.name)!
    const places = [...found.pictures.keys()]
    const inGroup = new Map(found.groups.flatMap(({ images }) => images.map((i) => [i, images] as const)))
    const isRight = (i: number) => inGroup.get(i)!.some((j) => j !== i && truth(j).origin === truth(i).origin)
    const near = found.groups.filter(({ exact }) => !exact).flatMap(({ images }) => images)
    const exact = found.groups.filter((group) => group.exact).flatMap(({ images }) => images)
    for (const kind of ['exact', 're-encoded', 'resized', 'cropped'] as const) {
      const planted = places.filter((i) => truth(i).copy === kind)
      const hit = planted.filter((i) => inGroup.has(i) && isRight(i)).length
      const own = kind === 'exact' ? exact : near
      this.add(`copies: ${kind}`, {
        right: own.filter(isRight).length,
        found: own.length,
        hit,
        planted: planted.length,
      })
    }
    const wrong = places.filter((i) => truth(i).wrong)
    const sure = new Set(
      findingsOf(found)
        .filter(({ problems }) => problems.some((each) => each.kind === 'label' && each.sure))
        .map(({ picture }) => picture),
    )
    for (const [name, own] of [
      ['labels: probably wrong', sure],
      ['labels: all doubted', new Set(found.doubts.map(({ index }) => index))],
    ] as const) {
      // A picture of none of the classes has a wrong label wherever it stands: it counts for neither side.
      const doubts = found.doubts.filter(({ index }) => own.has(index) && !truth(index).odd)
      const right = doubts.filter(({ index }) => truth(index).wrong)
      this.add(name, { right: right.length, found: doubts.length, hit: right.length, planted: wrong.length })
      const corrected = right.filter(
        ({ index, likely }) => found.classNames[likely]!.replaceAll(' ', '_') === truth(index).wrong!.right,
      )
      this.add(`${name}, right class named`, {
        right: corrected.length,
        found: right.length,
        hit: corrected.length,
        planted: wrong.length,
      })
    }
    const odd = places.filter((i) => truth(i).odd)
    const doubted = new Set(found.doubts.map(({ index }) => index))
    const unlike = new Set(found.unlike.map(({ index }) => index))
    this.add('pictures of none of the classes, unlike', {
      right: [...unlike].filter((i) => truth(i).odd).length,
      found: unlike.size,
      hit: odd.filter((i) => unlike.has(i)).length,
      planted: odd.length,
    })
    this.add('pictures of none of the classes, unlike or doubted', {
      right: odd.filter((i) => unlike.has(i) || doubted.has(i)).length,
      found: new Set([...unlike, ...doubted].filter((i) => !truth(i).wrong)).size,
      hit: odd.filter((i) => unlike.has(i) || doubted.has(i)).length,
      planted: odd.length,
    })
    for (const kind of ['unreadable', 'tiny', 'blurred', 'dark', 'overexposed'] as const) {
      const flagged =
        kind === 'unreadable'
          ? places.filter((i) => found.pictures[i]!.problem !== undefined)
          : found.poor.filter((each) => each.kind === kind).map(({ index }) => index)
      const right = flagged.filter((i) => truth(i).poor === kind).length
      this.add(kind, {
        right,
        found: flagged.length,
        hit: right,
        planted: places.filter((i) => truth(i).poor === kind).length,
      })
    }
  }
}
