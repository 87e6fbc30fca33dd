import { randomStream } from '../../src/core/random.js'
import { artistOf } from '../../src/core/world/emoji/art.js'
import { type Concept, readConcepts } from './concepts.js'
import { alike, kinds, plainNames, sharing, unsuited, wrongDrawings } from './curation.js'

/** A concept, the set it belongs to and the drawings that pre-training never sees. */
export interface PlannedConcept {
  readonly name: string
  /** Words that are true of it and of others. */
  readonly tags: readonly string[]
  /** A kind of thing, or `source`. */
  readonly kind: string
  readonly concept: Concept
  /** Styles in which it is pre-trained. */
  readonly seen: readonly string[]
  /** Styles of its downstream pictures. */
  readonly unseen: readonly string[]
}

/** Artists that a concept needs: two unseen ones, two or more to learn it from. */
const ARTISTS = 4
const SEED = 2025

/** Held out where the concept belongs to the broad source, so that its variants are art styles. */
const SOURCE_ARTISTS = ['twemoji', 'fluent']

/** All concepts with two artists held out each: pairs of concept and style, so that every style is familiar. */
export function plan(): PlannedConcept[] {
  const kindOf = new Map(Object.entries(kinds).flatMap(([kind, groups]) => groups.map((g) => [g, kind])))
  return readConcepts().flatMap((concept): PlannedConcept[] => {
    const { name: given, subgroup } = concept
    if (Object.hasOwn(alike, given) || Object.hasOwn(unsuited, given)) return []
    const styles = [...concept.icons.keys()].filter((style) => !wrongDrawings[given]?.includes(style))
    const artists = [...new Set(styles.map(artistOf))]
    if (artists.length < ARTISTS) return []
    const name = plainNames[given] ?? given
    const random = randomStream(SEED, 'held out', name)
    const own = kindOf.get(subgroup) ?? 'source'
    const kind = sharing.includes(own) && random.uniform() < 1 / 3 ? 'source' : own
    const heldOut = kind === 'source' ? SOURCE_ARTISTS : random.shuffle(artists).slice(0, 2)
    const unseen = styles.filter((style) => heldOut.includes(artistOf(style)))
    const seen = styles.filter((style) => !unseen.includes(style))
    return [{ name, tags: concept.tags, kind, concept, seen, unseen }]
  })
}
