import { describe, expect, it } from 'vitest'
import { verdictOf } from './verdict.js'

const classes = (...probabilities: number[]) =>
  probabilities.map((probability, i) => ({ className: `class ${i}`, probability }))
const options = { threshold: 0.3, margin: 0.2 }

describe('a verdict', () => {
  it.each<[string, number[], string, typeof options?]>([
    ['the likeliest class where it is ahead', [0.7, 0.2, 0.1], 'class'],
    ['the class at threshold and margin themselves', [0.75, 0.25], 'class', { threshold: 0.75, margin: 0.5 }],
    ['uncertain where two are close', [0.5, 0.45, 0.05], 'uncertain'],
    ['none where no class stands out, close or not', [0.29, 0.28, 0.22, 0.21], 'none'],
    ['the class of a single one', [1], 'class'],
    ['always a class without threshold and margin', [0.5, 0.5], 'class', { threshold: 0, margin: 0 }],
  ])('is %s', (_, probabilities, kind, given = options) => {
    expect(verdictOf(classes(...probabilities), given).kind).toBe(kind)
  })

  it('names the two classes that it is between', () => {
    const { classes: named } = verdictOf(classes(0.4, 0.35, 0.25), options)
    expect(named.map(({ className }) => className)).toEqual(['class 0', 'class 1'])
  })

  it('follows another score where one is given', () => {
    const score = () => 0.1
    expect(verdictOf(classes(0.99, 0.01), { ...options, score }).kind).toBe('none')
  })
})
