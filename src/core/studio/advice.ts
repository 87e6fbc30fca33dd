/** Something that would make a project better. */
export interface Advice {
  /** `needed`: nothing can be trained before. */
  readonly kind: 'needed' | 'better'
  readonly message: string
}

/** Fewer pictures than this teach little, and leave next to none to measure by. */
const FEW = 8
/** A class of this many times another's pictures is favoured. */
const UNEVEN = 4

/** What a project lacks, what must be done first. */
export function adviceFor(
  classes: readonly { readonly name: string; readonly pictures: number }[],
): Advice[] {
  const needed = (message: string): Advice => ({ kind: 'needed', message })
  const better = (message: string): Advice => ({ kind: 'better', message })
  if (classes.length === 0) return [needed('Add two classes, such as two kinds of things you photograph.')]
  if (classes.length === 1) {
    return [needed(`Add a second class that “${classes[0]!.name}” is to be told apart from.`)]
  }
  const empty = classes.filter(({ pictures }) => pictures === 0)
  if (empty.length > 0) {
    return empty.map(({ name }) => needed(`“${name}” has no pictures yet. Add some, or remove the class.`))
  }
  const single = classes.filter(({ pictures }) => pictures === 1)
  const few = classes.filter(({ pictures }) => pictures > 1 && pictures < FEW)
  const most = classes.reduce((a, b) => (b.pictures > a.pictures ? b : a))
  const least = classes.reduce((a, b) => (b.pictures < a.pictures ? b : a))
  return [
    ...single.map(({ name }) =>
      better(`“${name}” has a single picture: it is learned from, and none is left to check the result.`),
    ),
    ...few.map(({ name, pictures }) =>
      better(
        `“${name}” has ${pictures} pictures. With ${FEW} or more the result is better, and better checked.`,
      ),
    ),
    ...(least.pictures >= 2 && most.pictures >= UNEVEN * least.pictures
      ? [
          better(
            `“${most.name}” has ${most.pictures} pictures and “${least.name}” ${least.pictures}. More even numbers are fairer to both.`,
          ),
        ]
      : []),
  ]
}

/** Steps that a training should make, and pictures of each: few pictures are passed over more often. */
const STEPS = 500
const BATCH = 4

/**
 * Passes over the pictures that are proposed: the 20 of the paper, more where these would be few steps.
 *
 * @param pictures of every class
 * @param shots pictures of a class to learn from
 */
export function proposedPasses(pictures: readonly number[], shots: number): number {
  const learned = pictures.reduce((sum, count) => sum + Math.min(shots, Math.ceil(0.7 * count)), 0)
  const steps = Math.max(1, Math.floor(learned / BATCH))
  return Math.min(50, Math.max(20, 5 * Math.round(STEPS / steps / 5)))
}
