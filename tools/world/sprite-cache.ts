import { mkdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type Sprite, spriteOf } from '../../src/core/world/emoji/sprite.js'
import { writeFileAtomic } from '../../src/node/files/atomic.js'
import type { PlannedConcept } from './plan.js'
import { renderSprite, SPRITE } from './sprites.js'

const BYTES = SPRITE * SPRITE * 4

/**
 * Draws all concepts in all their styles, or reads them from a folder where that was done before.
 *
 * @returns drawings by concept and style: RGBA, SPRITE x SPRITE
 */
export async function drawingsOf(
  concepts: readonly PlannedConcept[],
  folder: string,
): Promise<(name: string, style: string) => Uint8Array> {
  await mkdir(folder, { recursive: true })
  const keys = concepts.flatMap(({ name, seen, unseen }) =>
    [...seen, ...unseen].map((style) => `${name}/${style}`),
  )
  const list = join(folder, 'drawings.json')
  const file = join(folder, 'drawings.rgba')
  const known = await readFile(list, 'utf8').catch(() => '')
  if (known !== JSON.stringify(keys)) {
    const all = new Uint8Array(keys.length * BYTES)
    let at = 0
    for (const concept of concepts) {
      for (const style of [...concept.seen, ...concept.unseen]) {
        all.set(await renderSprite(style, concept.concept), BYTES * at++)
      }
    }
    await writeFileAtomic(file, all)
    await writeFileAtomic(list, JSON.stringify(keys))
  }
  const all = await readFile(file)
  const place = new Map(keys.map((key, i) => [key, i]))
  return (name, style) => {
    const at = place.get(`${name}/${style}`)! * BYTES
    return all.subarray(at, at + BYTES)
  }
}

/** A drawing made ready for scenes. */
export const spriteFrom = (data: Uint8Array): Sprite => spriteOf({ width: SPRITE, height: SPRITE, data })
