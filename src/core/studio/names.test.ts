import { expect, it } from 'vitest'
import { checkedClassName, freeName, safeFileName } from './names.js'

it('tidies the name of a class, and refuses what no folder can be called', () => {
  expect(checkedClassName('  barn_owl ', [])).toBe('barn owl')
  expect(checkedClassName('Bücherregal', [])).toBe('Bücherregal')
  for (const name of [
    '',
    '   ',
    '../x',
    'a/b',
    'a\\b',
    '.hidden',
    'con',
    'x\u0000',
    'a'.repeat(81),
    'end.',
  ]) {
    expect(() => checkedClassName(name, []), name).toThrow()
  }
})

it('refuses a name that CLIP reads as one that is there', () => {
  expect(() => checkedClassName('Barn  Owl', ['barn_owl'])).toThrow('There is a class “Barn Owl” already.')
})

it('keeps nothing of a path in the name of a picture', () => {
  expect(safeFileName('/etc/passwd')).toBe('passwd')
  expect(safeFileName('..\\..\\a.JPG')).toBe('a.jpg')
  expect(safeFileName('...')).toBe('picture')
  expect(safeFileName('.bashrc')).toBe('bashrc')
  expect(safeFileName('a:b.png')).toBe('a-b.png')
  expect(safeFileName(`${'x'.repeat(300)}.png`)).toHaveLength(84)
})

it('numbers a name that is taken', () => {
  const taken = ['a.png', 'a-2.png']
  expect(freeName('a.png', (name) => taken.includes(name))).toBe('a-3.png')
  expect(freeName('b', (name) => taken.includes(name))).toBe('b')
})
