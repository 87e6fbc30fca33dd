import { nextTurn } from '../data/ahead.js'
import type { Neighbours } from './nearest-rows.js'
import { type Comparable, comparable, sameness } from './same-picture.js'

/** Neighbours of each picture that are looked at closely. */
export const CANDIDATES = 5

/**
 * What makes two different files one picture: the fit and the detail of their thumbnails (see `sameness`) and the cosine of
 * their features are at least these. The first line finds what was encoded or scaled anew, the second crops, whose features
 * differ. Chosen by `npm run bench:clean` on other draws than are reported (docs/clean.md).
 */
const rules: readonly { readonly fit: number; readonly detail: number; readonly cosine: number }[] = [
  { fit: 0.94, detail: 0.65, cosine: 0.94 },
  { fit: 0.978, detail: 0.8, cosine: 0.65 },
]

/** Pictures that are one. */
export interface DuplicateGroup {
  /** In ascending order. */
  readonly images: readonly number[]
  /** Whether all have the same pixels. */
  readonly exact: boolean
}

/** Options of {@link duplicateGroups}. */
export interface DuplicateOptions {
  /** What stands for the pixels of each picture: equal where they are. */
  readonly pixels: readonly string[]
  /** As `pictureFacts` makes them. */
  readonly thumbnails: readonly Uint8Array[]
  /** Most alike pictures by their features. */
  readonly neighbours: Neighbours
  readonly signal?: AbortSignal
  readonly onProgress?: (done: number) => void
}

/**
 * Groups of pictures that are copies of each other, by their pixels or by their looks; what is like one of a group belongs to
 * it.
 *
 * @throws the signal's reason when it aborts
 */
export async function duplicateGroups({
  pixels,
  thumbnails,
  neighbours: { rows, cosines, k },
  signal,
  onProgress,
}: DuplicateOptions): Promise<DuplicateGroup[]> {
  const groups = new Groups(pixels.length)
  const first = new Map<string, number>()
  for (const [i, own] of pixels.entries()) {
    const known = first.get(own)
    if (known === undefined) first.set(own, i)
    else groups.join(known, i)
  }
  const compared = new Set<string>()
  const ready = new Map<number, Comparable>()
  const prepared = (i: number): Comparable => {
    const known = ready.get(i)
    if (known) return known
    // Neighbours come again soon, if at all: as many are kept as fit into 60 MB.
    if (ready.size >= 1024) ready.delete(ready.keys().next().value!)
    const made = comparable(thumbnails[i]!)
    ready.set(i, made)
    return made
  }
  for (let i = 0; i < pixels.length; i++) {
    for (let n = 0; n < Math.min(k, CANDIDATES); n++) {
      const j = rows[i * k + n]!
      const cosine = cosines[i * k + n]!
      if (j < 0 || groups.of(i) === groups.of(j) || rules.every((rule) => cosine < rule.cosine)) continue
      const pair = `${Math.min(i, j)} ${Math.max(i, j)}`
      if (compared.has(pair)) continue
      compared.add(pair)
      const { fit, detail } = sameness(prepared(i), prepared(j))
      const isOne = rules.some((rule) => fit >= rule.fit && detail >= rule.detail && cosine >= rule.cosine)
      if (isOne) groups.join(i, j)
    }
    if (i % 64 !== 63) continue
    onProgress?.(i + 1)
    // Signals are messages, which come between two turns.
    await nextTurn()
    signal?.throwIfAborted()
  }
  return groups
    .all()
    .filter(({ length }) => length > 1)
    .map((images) => ({ images, exact: images.every((i) => pixels[i] === pixels[images[0]!]) }))
}

/** A number for each of `count` pictures, the same for those of a group and for no others. */
export function groupNumbers(groups: readonly Pick<DuplicateGroup, 'images'>[], count: number): Int32Array {
  const numbers = Int32Array.from({ length: count }, (_, i) => i)
  for (const { images } of groups) for (const i of images) numbers[i] = images[0]!
  return numbers
}

/** Disjoint sets (union-find). */
class Groups {
  private readonly parent: Int32Array

  constructor(count: number) {
    this.parent = Int32Array.from({ length: count }, (_, i) => i)
  }

  /** The smallest of an item's group. */
  of(item: number): number {
    let root = item
    while (this.parent[root] !== root) root = this.parent[root]!
    for (let at = item; at !== root; ) [at, this.parent[at]] = [this.parent[at]!, root]
    return root
  }

  join(a: number, b: number): void {
    const [first, second] = [this.of(a), this.of(b)]
    this.parent[Math.max(first, second)] = Math.min(first, second)
  }

  all(): number[][] {
    const members = new Map<number, number[]>()
    for (let i = 0; i < this.parent.length; i++) {
      const root = this.of(i)
      members.set(root, [...(members.get(root) ?? []), i])
    }
    return [...members.values()]
  }
}
