import { describe, expect, it } from 'vitest'
import { randomStream } from '../random.js'
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

  it('never chooses one that is worse than another that was tried', async () => {
    for (let landscape = 0; landscape < 50; landscape++) {
      const random = (e: number) => randomStream(1, 'landscape', landscape, Math.round(e * 1000)).uniform()
      const { chosen, trials } = await choose((e) => Math.round(10 * random(e)))
      expect(chosen.accuracy).toBe(Math.max(...trials.map(({ accuracy }) => accuracy)))
    }
  })
})
