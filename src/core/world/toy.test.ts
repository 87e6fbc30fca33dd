import { describe, expect, it } from 'vitest'
import { randomStream } from '../random.js'
import { captionOf, corpus, fits } from './captions.js'
import { drawScene, SIDE } from './render.js'
import { type Style, type StyleName, styles } from './style.js'
import { colourNames, nameOf, objectNamed, patterns, shapes } from './world.js'

const object = objectNamed('striped red triangle')
const draw = (style: StyleName, ...key: number[]) =>
  drawScene(object, styles[style], randomStream(1, 'test', ...key)).image

describe('the toy world', () => {
  it('names every object uniquely and finds it by its name', () => {
    const names = patterns.flatMap((pattern) =>
      colourNames.flatMap((colour) => shapes.map((shape) => nameOf({ pattern, colour, shape }))),
    )
    expect(new Set(names).size).toBe(names.length)
    expect(names.map((name) => nameOf(objectNamed(name)))).toEqual(names)
    expect(() => objectNamed('striped red elephant')).toThrow(RangeError)
  })

  it.each(Object.keys(styles) as StyleName[])('draws equal pixels for equal streams in style %s', (style) => {
    const image = draw(style, 1)
    expect(image.data).toHaveLength(SIDE * SIDE * 3)
    expect(draw(style, 1).data).toEqual(image.data)
    expect(draw(style, 2).data).not.toEqual(image.data)
  })

  it('draws every shape with both its colour and its surroundings visible', () => {
    for (const shape of shapes) {
      const { image } = drawScene(
        { pattern: 'plain', colour: 'red', shape },
        styles.clean,
        randomStream(1, shape),
      )
      let red = 0
      for (let i = 0; i < image.data.length; i += 3) if (image.data[i]! > image.data[i + 1]! + 80) red++
      const share = red / (SIDE * SIDE)
      expect(share, shape).toBeGreaterThan(0.04)
      expect(share, shape).toBeLessThan(0.6)
    }
  })

  it.each([
    ['distance', { distance: 0.5 }],
    ['bars', { bars: 2 }],
    ['tiles', { tiles: 4 }],
    ['depth', { depth: 0.5 }],
  ])('changes a clean picture by %s', (_name, change) => {
    const drawn = (style: Style) => drawScene(object, style, randomStream(1, 'change')).image.data
    expect(drawn({ ...styles.clean, ...change })).not.toEqual(drawn(styles.clean))
  })

  it('lays tiles of one colour', () => {
    const { data } = drawScene(object, { ...styles.clean, tiles: 4 }, randomStream(1, 'tiles')).image
    const colours = new Map<string, Set<string>>()
    for (let y = 0; y < SIDE; y++) {
      for (let x = 0; x < SIDE; x++) {
        const tile = `${Math.floor(x / 4)} ${Math.floor(y / 4)}`
        const start = (y * SIDE + x) * 3
        const seen = colours.get(tile) ?? new Set()
        colours.set(tile, seen.add(data.subarray(start, start + 3).join(' ')))
      }
    }
    expect(colours.size).toBe(144)
    for (const seen of colours.values()) expect(seen.size).toBe(1)
  })

  it('writes captions that are true of their object', () => {
    for (let i = 0; i < 200; i++) {
      const scene = drawScene(object, styles.clean, randomStream(1, 'scene', 0))
      const caption = captionOf(object, scene, 'clean', randomStream(1, 'caption', i))
      expect(fits(caption, object)).toBe(true)
      expect(fits(caption, objectNamed('dotted blue circle'))).toBe(false)
      for (const word of Object.values(caption.mentions)) expect(caption.text).toContain(word)
    }
  })

  it('has every word of its names in the corpus of the vocabulary', () => {
    const words = new Set(corpus().flatMap((text) => text.replaceAll('.', '').split(' ')))
    for (const word of [...shapes, ...colourNames, ...patterns]) expect(words).toContain(word)
  })
})
