import { describe, expect, it } from 'vitest'
import { chooseStrength, TRIALS } from './strength.js'

/** Tries strengths under an accuracy that depends on log10 C alone. */
const choose = (accuracyAt: (exponent: number) => number) =>
  chooseStrength(async (strength) => ({
    fit: `C=${strength}`,
    accuracy: accuracyAt(Math.log10(strength)),
  }))

describe('chooseStrength', () => {
  it('tries powers of 100 from the largest, then the neighbours of the best', async () => {
    const { trials } = await choose((e) => -Math.abs(e - 2.7))
    expect(trials.slice(0, 9).map(({ strength }) => strength)).toEqual([
      1e6, 1e4, 1e2, 1, 1e-2, 1e-4, 1e-6, 10, 1e3,
    ])
    expect(trials).toHaveLength(TRIALS)
  })

  it('closes in on a peak within ten times the best of the sweep', async () => {
    for (const peak of [2.7, -3.4, 5.1, 0]) {
      const { chosen } = await choose((e) => -Math.abs(e - peak))
      expect(Math.abs(Math.log10(chosen.strength) - peak)).toBeLessThan(2 / 2 ** 6)
      expect(chosen.fit).toBe(`C=${chosen.strength}`)
    }
  })

  it('takes the largest C of a level sweep, and the smaller of level ends', async () => {
    const { chosen, trials } = await choose(() => 50)
    expect(chosen.strength).toBe(1e5)
    expect(trials).toHaveLength(TRIALS)
  })

  it('can end on a worse one than the best tried, as the reference does', async () => {
    // Best at C = 1 alone: the ends of the range are level, which drops the upper half, and 1 with it in the end.
    const { chosen, trials } = await choose((e) => (e === 0 ? 90 : e < 0 ? 60 : 50))
    expect(Math.max(...trials.map(({ accuracy }) => accuracy))).toBe(90)
    expect(chosen.accuracy).toBe(90)
    const wavy = await choose((e) => (e === 0 ? 90 : e === -1 ? 80 : e === -0.5 ? 95 : 60))
    expect(wavy.chosen.accuracy).toBeLessThan(95)
  })
})
