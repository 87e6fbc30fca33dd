import { describe, expect, it } from 'vitest'
import { type VerdictOptions, verdictOf } from './verdict.js'

const answer = (score: number, ...probabilities: number[]) => ({
  classes: probabilities.map((probability, i) => ({ className: `class ${i}`, probability })),
  score,
})
const options: VerdictOptions = { threshold: 0.3, thresholdOf: 'probability', margin: 0.2 }

describe('a verdict', () => {
  it.each<[string, number[], string, Partial<VerdictOptions>?]>([
    ['the likeliest class where it is ahead', [0.7, 0.2, 0.1], 'class'],
    ['the class at threshold and margin themselves', [0.75, 0.25], 'class', { threshold: 0.75, margin: 0.5 }],
    ['uncertain where two are close', [0.5, 0.45, 0.05], 'uncertain'],
    ['none where no class stands out, close or not', [0.29, 0.28, 0.22, 0.21], 'none'],
    ['the class of a single one', [1], 'class'],
    ['always a class without threshold and margin', [0.5, 0.5], 'class', { threshold: 0, margin: 0 }],
  ])('is %s', (_, probabilities, kind, given) => {
    expect(verdictOf(answer(0, ...probabilities), { ...options, ...given }).kind).toBe(kind)
  })

  it('names the two classes that it is between, and the score', () => {
    const { classes, score } = verdictOf(answer(0.26, 0.4, 0.35, 0.25), options)
    expect(classes.map(({ className }) => className)).toEqual(['class 0', 'class 1'])
    expect(score).toBe(0.26)
  })

  it('follows the score where the threshold is one of scores, and a score at the threshold is believed', () => {
    const kind = (score: number) =>
      verdictOf(answer(score, 0.99, 0.01), { ...options, thresholdOf: 'score' }).kind
    expect([kind(0.299), kind(0.3)]).toEqual(['none', 'class'])
  })
})
