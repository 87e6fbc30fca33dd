import { afterEach, expect, it, vi } from 'vitest'
import { exitCodeOf } from './fail.js'

afterEach(() => vi.restoreAllMocks())

it.each([
  Object.assign(new Error('open'), { code: 'EMFILE' }),
  new Error('cannot read a.png', { cause: Object.assign(new Error('open'), { code: 'EMFILE' }) }),
  new Error('Input file: unable to open: too many open files'),
])('names the limit where a system has too few files to open: %s', (error) => {
  let said = ''
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
    said += text
    return true
  })
  expect(exitCodeOf(error)).toBe(2)
  expect(said).toContain('too many files are open')
  expect(said).toContain('ulimit -n')
})
