import { describe, expect, it } from 'vitest'
import { familiesOf } from './companions.js'

const families = (...names: string[]) => {
  const { pictures, others } = familiesOf(names)
  return { ...Object.fromEntries(pictures.map(({ picture, companions }) => [picture, companions])), others }
}

describe('companions', () => {
  it('go with the picture of their stem, whatever the case', () => {
    const own = ['IMG_1.xmp', 'img_1.AAE', 'IMG_1.CR2', 'IMG_1.cr2.xmp', 'IMG_1.jpg.xmp', 'IMG_1.MOV']
    expect(families('IMG_1.JPG', ...own)).toEqual({ 'IMG_1.JPG': own, others: [] })
  })

  it.each(['cr2', 'cr3', 'nef', 'arw', 'dng', 'raf', 'orf', 'rw2'])('may be a raw file: .%s', (ending) => {
    expect(families('a.jpg', `a.${ending}`)).toEqual({ 'a.jpg': [`a.${ending}`], others: [] })
  })

  it('that name one of two pictures go with that one, and others with HEIC before JPEG before the rest', () => {
    expect(families('a.jpg', 'a.png', 'a.heic', 'a.png.xmp', 'a.mov')).toEqual({
      'a.jpg': [],
      'a.png': ['a.png.xmp'],
      'a.heic': ['a.mov'],
      others: [],
    })
  })

  it('without a picture are no companions, nor are files of other kinds', () => {
    const names = ['film.mov', 'b.xmp', 'a.txt', 'a2.xmp', 'a.jpg.txt']
    expect(families('a.jpg', ...names)).toEqual({ 'a.jpg': [], others: names })
  })
})
