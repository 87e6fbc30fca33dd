import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64'
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus'
import type { RandomGenerator } from 'pure-rand/types/RandomGenerator'

/**
 * Seeded random numbers for training. A stream is named by the seed and a path of keys, for example
 * `randomStream(seed, 'augment', epoch, index)`, so that a draw depends on what it is for and never on what
 * was drawn before it: prefetching, worker count and resuming cannot change a result.
 */
export class RandomStream {
  private spare: number | undefined

  constructor(private readonly generator: RandomGenerator) {}

  /** Uniform in [0, 1). */
  uniform(): number {
    return uniformFloat64(this.generator)
  }

  /** Uniform integer in [0, n). */
  integer(n: number): number {
    return Math.floor(this.uniform() * n)
  }

  /**
   * Normal with mean 0 and standard deviation 1 (Box-Muller). The language leaves the last bit of logarithm, sine and
   * cosine to its engine: the same bits in Node and Chromium (V8), elsewhere maybe not.
   */
  normal(): number {
    if (this.spare !== undefined) {
      const value = this.spare
      this.spare = undefined
      return value
    }
    const radius = Math.sqrt(-2 * Math.log(1 - this.uniform()))
    const angle = 2 * Math.PI * this.uniform()
    this.spare = radius * Math.sin(angle)
    return radius * Math.cos(angle)
  }

  /** A shuffled copy (Fisher-Yates). */
  shuffle<T>(items: readonly T[]): T[] {
    const result = [...items]
    for (let i = result.length - 1; i > 0; i--) {
      const j = this.integer(i + 1)
      const held = result[i] as T
      result[i] = result[j] as T
      result[j] = held
    }
    return result
  }
}

/**
 * The stream of one seed and purpose; equal arguments give equal streams on every machine: uniform draws, integers and
 * shuffles to the bit everywhere, normal draws to the bit in one JavaScript engine.
 */
export function randomStream(seed: number, ...path: readonly (string | number)[]): RandomStream {
  const generator = xoroshiro128plus(hash([seed, ...path].join('\u0000')))
  // The first outputs of neighbouring seeds are correlated: leave them behind.
  for (let i = 0; i < 8; i++) generator.next()
  return new RandomStream(generator)
}

/** FNV-1a over UTF-16 code units with a final avalanche, as a signed 32-bit integer. */
function hash(text: string): number {
  let h = 0x811c9dc5
  for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193)
  h ^= h >>> 16
  h = Math.imul(h, 0x7feb352d)
  h ^= h >>> 15
  h = Math.imul(h, 0x846ca68b)
  return h ^ (h >>> 16)
}
