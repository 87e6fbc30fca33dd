import { describe, expect, it } from 'vitest'
import { parsePythonLiteral } from './python-literal.js'
import { pythonLiteral } from './value.js'

describe('a text behind a key', () => {
  it.each([
    ['4', 4],
    ['-1', -1],
    ['0.0025', 0.0025],
    ['1e-5', 1e-5],
    ['1E+2', 100],
    ['.5', 0.5],
    ['2.', 2],
    ['1_000', 1000],
    ['True', true],
    ['False', false],
    ['None', null],
    ["'sgd'", 'sgd'],
    ['"a photo of a"', 'a photo of a'],
    ["'it\\'s'", "it's"],
    ["'True'", 'True'],
    ['(224, 224)', [224, 224]],
    ['[0.5, 0.25]', [0.5, 0.25]],
    ['(-1, )', [-1]],
    ['-1,', [-1]],
    ['10, 20', [10, 20]],
    ['()', []],
    ['[]', []],
    ['(3)', 3],
    ['["random_flip", "normalize"]', ['random_flip', 'normalize']],
    ['[[1, 2], (3,)]', [[1, 2], [3]]],
  ])('is read as a Python literal: %s', (text, value) => {
    expect(parsePythonLiteral(text)).toEqual(value)
  })

  it.each([
    'sgd',
    'ViT-B/16',
    'a photo of a',
    '',
    'true',
    '[1, 2',
    '1 2',
    '[1 2]',
    '1.2.3',
    '4x',
    '(,)',
    ',',
    'constructor',
    "'open",
    './output',
    '[random_flip]',
  ])('is itself where it is none: %s', (text) => {
    expect(parsePythonLiteral(text)).toBe(text)
  })

  it('is itself where it nests without measure', () => {
    const deep = '['.repeat(100_000)
    expect(parsePythonLiteral(deep)).toBe(deep)
  })

  it.each([[true], [null], [[1, 'two', [3]]], ["it's a \\ mark"], [-0.5]])(
    'gives the value back that was written: %j',
    (value) => {
      expect(parsePythonLiteral(pythonLiteral(value))).toEqual(value)
    },
  )
})
