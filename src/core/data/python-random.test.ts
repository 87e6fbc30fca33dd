import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { PythonRandom } from './python-random.js'

interface GoldenDraws {
  seed: number
  getrandbits32: number[]
  getrandbits32_at_620_to_630: number[]
  random: number[]
  randrange: [number, number][]
  sample_range: { n: number; k: number; result: number[]; next_random: number }[]
  shuffle15: number[]
  choices_range10_k8: number[]
}

const golden = JSON.parse(readFileSync('test/golden/fewshot/mt19937.json', 'utf8')) as {
  entries: GoldenDraws[]
}
const range = (n: number) => Array.from({ length: n }, (_, i) => i)

describe.each(golden.entries)('PythonRandom($seed)', (entry) => {
  it('gives the same words, across a refill of the state', () => {
    const random = new PythonRandom(entry.seed)
    const drawn = range(630).map(() => random.getrandbits(32))
    expect(drawn.slice(0, 10)).toEqual(entry.getrandbits32)
    expect(drawn.slice(620, 630)).toEqual(entry.getrandbits32_at_620_to_630)
  })

  it('gives the same fractions', () => {
    const random = new PythonRandom(entry.seed)
    expect(entry.random.map(() => random.random())).toEqual(entry.random)
  })

  it('gives the same integers', () => {
    const random = new PythonRandom(entry.seed)
    expect(entry.randrange.map(([n]) => [n, random.randrange(n)])).toEqual(entry.randrange)
  })

  it('samples the same items and leaves the generator in the same state', () => {
    for (const { n, k, result, next_random } of entry.sample_range) {
      const random = new PythonRandom(entry.seed)
      expect(random.sample(range(n), k)).toEqual(result)
      expect(random.random()).toBe(next_random)
    }
  })

  it('shuffles and chooses alike', () => {
    expect(new PythonRandom(entry.seed).shuffle(range(15))).toEqual(entry.shuffle15)
    expect(new PythonRandom(entry.seed).choices(range(10), 8)).toEqual(entry.choices_range10_k8)
  })
})

describe('PythonRandom', () => {
  it('ignores the sign of the seed and takes seeds beyond 32 bits', () => {
    expect(new PythonRandom(-42).random()).toBe(new PythonRandom(42n).random())
    expect(new PythonRandom(2 ** 40 + 7).random()).not.toBe(new PythonRandom(7).random())
  })

  it('refuses draws that cannot be made', () => {
    const random = new PythonRandom(1)
    expect(() => random.sample([1, 2], 3)).toThrow('sample of 3 out of 2')
    expect(() => random.randrange(0)).toThrow(RangeError)
    expect(() => random.getrandbits(33)).toThrow(RangeError)
  })
})
