import { describe, expect, it } from 'vitest'
import type { Datum } from '../../core/data/dataset.js'
import { ConfigError } from '../../core/errors.js'
import { emojiDataset } from '../../core/world/emoji/datasets.js'
import { pools } from '../../core/world/emoji/pools.js'
import { emojiProtocols } from '../../core/world/emoji/protocols.js'
import { emojiSets } from '../../core/world/emoji/sets.js'
import { openDataset } from '../open-dataset.js'
import { emojiArt } from './emoji-art.js'

const open = (name: string, options = {}) => emojiDataset(name, { art: emojiArt, ...options })
const pixels = async (datum: Datum | undefined) => (await datum!.load()).data

describe('the drawings of this package', () => {
  it('show something of every concept in every style that the lists name', async () => {
    const empty: string[] = []
    for (const pool of Object.values(pools)) {
      for (const [concept, styles] of pool) {
        for (const style of styles) {
          const { data, width } = await emojiArt.sprite(style, concept)
          let drawn = 0
          for (let i = 3; i < data.length; i += 4) if (data[i]! > 128) drawn++
          if (drawn < 0.03 * width ** 2) empty.push(`${concept} in ${style}`)
        }
      }
    }
    expect(empty).toEqual([])
  })
})

describe('a data set of the emoji world', () => {
  it('has the classes of its pool, each once, with pictures that are drawn when they are loaded', async () => {
    const { classNames, train, val, test, name } = open('emoji-food')
    expect([name, new Set(classNames).size, train.length, val.length, test.length]).toEqual([
      'emoji-food',
      24,
      480,
      96,
      480,
    ])
    for (const className of classNames) expect([...pools.food!.keys()]).toContain(className)
    const { width, height } = await train[0]!.load()
    expect([width, height]).toEqual([64, 64])
  })

  it('is the same for the same name and seed, to the pixel', async () => {
    const [one, other] = [open('emoji-sky@4'), open('emoji-sky', { draw: 4 })]
    expect(other.classNames).toEqual(one.classNames)
    expect(other.test[7]!.source).toBe(one.test[7]!.source)
    expect(await pixels(one.test[7])).toEqual(await pixels(other.test[7]))
    expect(await pixels(open('emoji-sky@4', { seed: 1 }).test[7])).not.toEqual(await pixels(one.test[7]))
  })

  it('has other classes and other halves in another draw, and says so in every source', () => {
    const [one, other] = [open('emoji-food@1'), open('emoji-food@2')]
    expect(new Set(other.classNames)).not.toEqual(new Set(one.classNames))
    expect(new Set(one.classNames.slice(0, 12))).not.toEqual(new Set(other.classNames.slice(0, 12)))
    expect(one.train[0]!.source).toContain('emoji-food@1-0-')
  })

  it('has the same classes whether drawings are shared or not', () => {
    const [mixed, disjoint] = [open('emoji-play@3'), open('emoji-play@3', { shift: 'disjoint' })]
    expect(disjoint.name).toBe('emoji-play-disjoint@3')
    expect(disjoint.classNames).toEqual(mixed.classNames)
  })

  it('has all classes of its source in every variant', () => {
    const { source, targets } = emojiProtocols(5)['domain-generalization']
    const { classNames } = open(source)
    expect(classNames).toHaveLength(120)
    for (const target of targets) {
      const own = open(target).classNames
      expect(own.length, target).toBeGreaterThan(110)
      expect(classNames).toEqual(expect.arrayContaining([...own]))
    }
  })

  it('shares no class with the sets of other pools', () => {
    const all = Object.values(pools).flatMap((pool) => [...pool.keys()])
    expect(new Set(all).size).toBe(all.length)
  })

  it('is opened by name, and refused under a name that is none', async () => {
    expect((await openDataset('emoji-wear-disjoint@12')).name).toBe('emoji-wear-disjoint@12')
    await expect(openDataset('emoji-wera')).rejects.toThrow(/emoji-wera/)
    expect(() => open('emoji-food@x')).toThrow(ConfigError)
  })
})

describe('the protocols of the emoji world', () => {
  it.each(['mixed', 'disjoint'] as const)('name sets that there are, for a draw (%s)', (shift) => {
    const protocols = emojiProtocols(7, shift)
    const names = Object.values(protocols).flatMap((each) =>
      'source' in each ? [each.source, ...each.targets] : [...each.datasets],
    )
    for (const name of names) {
      expect(name).toMatch(/@7$/)
      expect(emojiSets).toHaveProperty(name.replace('@7', ''))
    }
  })
})
