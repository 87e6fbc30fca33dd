import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { folderNames, freeStem, nameKey } from './names.js'

const named = (...titles: string[]) => folderNames(titles, ['uncertain'])

describe('folder names', () => {
  it.each([
    ['red fox', 'red fox'],
    ['Änderung 猫 🦊', 'Änderung 猫 🦊'],
    ['a/b\\c:d', 'a_b_c_d'],
    ['..', '_'],
    ['../up', '_._up'],
    ['.hidden', '_hidden'],
    ['ends. .', 'ends'],
    ['con', 'con_'],
    ['LPT1.txt', 'LPT1_.txt'],
    ['console', 'console'],
    ['a\u202eb\u001b[0m', 'a_b_[0m'],
    [' ', '_'],
    ['Uncertain', 'Uncertain (2)'],
  ])('of %j is %j', (title, name) => {
    expect(named(title)).toEqual([name])
  })

  it('differ for classes that a file system could take for one', () => {
    expect(named('fox', 'FOX', 'a/b', 'a:b', 'e\u0301', '\u00e9')).toEqual([
      'fox',
      'FOX (2)',
      'a_b',
      'a_b (2)',
      '\u00e9',
      '\u00e9 (2)',
    ])
  })

  it('are whole characters of 120 bytes at most', () => {
    const [name] = named('🦊'.repeat(60))
    expect(name).toBe('🦊'.repeat(30))
  })

  it('are safe and apart whatever the titles are', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'binary', maxLength: 200 }), { maxLength: 8 }), (titles) => {
        const names = named(...titles)
        expect(new Set(names.map(nameKey)).size).toBe(names.length)
        for (const name of names) {
          expect(Buffer.byteLength(name)).toBeLessThanOrEqual(255)
          // biome-ignore lint/suspicious/noControlCharactersInRegex: these must not be there
          expect(name).toMatch(/^[^./\\:*?"<>|\u0000-\u001f][^/\\:*?"<>|\u0000-\u001f]*$/)
          expect(name).not.toMatch(/[. ]$/)
        }
      }),
    )
  })
})

describe('a free stem', () => {
  const taken = new Set(['photo.jpg', 'photo (2).xmp'])
  it('is the first with which no ending is taken, whatever the case', () => {
    expect(freeStem('photo', ['.png'], taken)).toBe('photo')
    expect(freeStem('Photo', ['.JPG'], taken)).toBe('Photo (2)')
    expect(freeStem('photo', ['.jpg', '.xmp'], taken)).toBe('photo (3)')
  })

  it('leaves room for its number', () => {
    const long = 'x'.repeat(251)
    expect(freeStem(long, ['.jpg'], new Set([`${long}.jpg`]))).toBe(`${'x'.repeat(247)} (2)`)
  })
})
