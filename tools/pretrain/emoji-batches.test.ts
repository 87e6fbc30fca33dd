import { describe, expect, it } from 'vitest'
import { spriteOf } from '../../src/core/world/emoji/sprite.js'
import { emojiPairs } from './emoji-batches.js'

const square = (value: number) =>
  spriteOf({ width: 16, height: 16, data: new Uint8Array(16 * 16 * 4).fill(value) })
const concepts = [
  { name: 'pear', tags: ['fruit'], sprites: [square(200), square(100)] },
  { name: 'kiwi', tags: ['fruit', 'green'], sprites: [square(150)] },
  { name: 'boat', tags: ['water'], sprites: [square(250), square(50)] },
]
const pairs = emojiPairs(concepts, { seed: 1, batch: 6, texts: 3 })

describe('pre-training pairs', () => {
  it('show every caption of a step twice, and divide what is true among what it is true of', () => {
    for (let step = 1; step <= 20; step++) {
      const { images, captions, targets, targetsT, imageThings, textThings } = pairs(step, 16)
      expect([images.length, captions.length]).toEqual([6, 3])
      for (const [values, columns] of [
        [targets, 3],
        [targetsT, 6],
        [imageThings!, 3],
        [textThings!, 3],
      ] as const) {
        for (let i = 0; i < values.length; i += columns) {
          const row = values.subarray(i, i + columns)
          expect(row.reduce((a, b) => a + b, 0)).toBeCloseTo(1, 5)
        }
      }
    }
  })

  it('are the same for the same step, whatever came before', () => {
    const [one, other] = [pairs(3, 16), emojiPairs(concepts, { seed: 1, batch: 6, texts: 3 })(3, 16)]
    expect(other.captions).toEqual(one.captions)
    expect(other.images[5]!.data).toEqual(one.images[5]!.data)
    expect(pairs(4, 16).captions).not.toEqual(one.captions)
  })

  it('use a keyword alone only where several things have it, and then for all of them', () => {
    const words: string[] = []
    for (let step = 1; step <= 150; step++) {
      const { captions, textThings } = pairs(step, 8)
      for (const [j, caption] of captions.entries()) {
        const fits = textThings!.subarray(3 * j, 3 * j + 3).filter((share) => share > 0).length
        expect(caption).not.toMatch(/green|water/)
        if (fits === 2) expect(caption).not.toMatch(/pear|kiwi/)
        words.push(fits === 2 ? 'fruit' : 'name')
      }
    }
    expect(new Set(words)).toEqual(new Set(['fruit', 'name']))
  })
})
