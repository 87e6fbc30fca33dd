import { expect, it } from 'vitest'
import { printable } from './printable.js'
import { formatTable } from './text-table.js'

it('shows escape sequences, C1 controls and marks of direction as text', () => {
  expect(printable('a\u001b[31mred\u009b2J\u202eb\u2066c\rd')).toBe(
    'a\\u{1b}[31mred\\u{9b}2J\\u{202e}b\\u{2066}c\\u{d}d',
  )
})

it('leaves letters of all scripts, line feeds and tabs alone', () => {
  const text = 'größe\t喵\nقط 😀 cafe\u0301'
  expect(printable(text)).toBe(text)
})

it('cuts what is too long for a message, and says how long it was', () => {
  expect(printable('x'.repeat(5000), 10)).toBe('xxxxxxxxxx… (5000 characters)')
})

it('is how cells of tables are shown, so that columns stay in line', () => {
  expect(formatTable(['class', 'n'], [['a\u001b[1m', '2']])).toBe(
    'class       n\n----------  -\na\\u{1b}[1m  2',
  )
})
