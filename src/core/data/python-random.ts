const words = 624
const shift = 397

/**
 * Python's `random.Random`, draw for draw: few-shot selections of published results were made with it, and equal
 * selections need the same generator (Matsumoto & Nishimura's MT19937) and the same use of its bits. Training itself
 * draws from `randomStream`.
 */
export class PythonRandom {
  private readonly state = new Uint32Array(words)
  private position = words

  /** As `random.seed(seed)` with an integer; the sign is ignored, as in Python. */
  constructor(seed: number | bigint) {
    const key: number[] = []
    for (let rest = abs(BigInt(seed)); rest > 0n; rest >>= 32n) key.push(Number(rest & 0xffffffffn))
    this.seedByArray(key.length === 0 ? [0] : key)
  }

  /** Uniform in [0, 1) with 53 bits. */
  random(): number {
    const high = this.next() >>> 5
    const low = this.next() >>> 6
    return (high * 0x4000000 + low) / 0x20000000000000
  }

  /** The `bits` (1 to 32) topmost bits of the next word. */
  getrandbits(bits: number): number {
    if (!Number.isInteger(bits) || bits < 1 || bits > 32)
      throw new RangeError(`bits: ${bits}; expected 1 to 32`)
    return this.next() >>> (32 - bits)
  }

  /** Uniform integer in [0, n), n from 1 to 2^32 - 1, by rejection. */
  randrange(n: number): number {
    if (!Number.isInteger(n) || n < 1 || n > 0xffffffff)
      throw new RangeError(`n: ${n}; expected 1 to 2^32 - 1`)
    const bits = 32 - Math.clz32(n)
    let drawn = this.getrandbits(bits)
    while (drawn >= n) drawn = this.getrandbits(bits)
    return drawn
  }

  /** `k` different items in selection order. */
  sample<T>(population: readonly T[], k: number): T[] {
    const n = population.length
    if (!Number.isInteger(k) || k < 0 || k > n) throw new RangeError(`sample of ${k} out of ${n}`)
    // Python shuffles a copy where a set of k entries would take more memory than a list of n.
    const setSize = 21 + (k > 5 ? 4 ** Math.ceil(Math.log(3 * k) / Math.log(4)) : 0)
    return n <= setSize ? this.sampleFromPool(population, k) : this.sampleByRejection(population, k)
  }

  /** `k` items with replacement. */
  choices<T>(population: readonly T[], k: number): T[] {
    return Array.from({ length: k }, () => population[Math.floor(this.random() * population.length)]!)
  }

  /** A shuffled copy (Python's works in place). */
  shuffle<T>(items: readonly T[]): T[] {
    const result = [...items]
    for (let i = result.length - 1; i > 0; i--) {
      const j = this.randrange(i + 1)
      const held = result[i]!
      result[i] = result[j]!
      result[j] = held
    }
    return result
  }

  private sampleFromPool<T>(population: readonly T[], k: number): T[] {
    const pool = [...population]
    return Array.from({ length: k }, (_, i) => {
      const last = pool.length - 1 - i
      const j = this.randrange(last + 1)
      const chosen = pool[j]!
      pool[j] = pool[last]!
      return chosen
    })
  }

  private sampleByRejection<T>(population: readonly T[], k: number): T[] {
    const selected = new Set<number>()
    while (selected.size < k) selected.add(this.randrange(population.length))
    return [...selected].map((index) => population[index]!)
  }

  /** The generator's `init_by_array`: spreads the key over a state that a fixed number filled. */
  private seedByArray(key: readonly number[]): void {
    const { state } = this
    state[0] = 19650218
    for (let i = 1; i < words; i++) state[i] = Math.imul(1812433253, mixed(state[i - 1]!)) + i
    let i = 1
    for (let round = 0; round < Math.max(words, key.length); round++) {
      const j = round % key.length
      state[i] = (state[i]! ^ Math.imul(mixed(state[i - 1]!), 1664525)) + key[j]! + j
      i = this.advance(i)
    }
    for (let round = 0; round < words - 1; round++) {
      state[i] = (state[i]! ^ Math.imul(mixed(state[i - 1]!), 1566083941)) - i
      i = this.advance(i)
    }
    state[0] = 0x80000000
  }

  private advance(i: number): number {
    if (i + 1 < words) return i + 1
    this.state[0] = this.state[words - 1]!
    return 1
  }

  private next(): number {
    if (this.position === words) this.twist()
    let y = this.state[this.position++]!
    y ^= y >>> 11
    y ^= (y << 7) & 0x9d2c5680
    y ^= (y << 15) & 0xefc60000
    return (y ^ (y >>> 18)) >>> 0
  }

  private twist(): void {
    const { state } = this
    for (let i = 0; i < words; i++) {
      const y = (state[i]! & 0x80000000) | (state[(i + 1) % words]! & 0x7fffffff)
      state[i] = state[(i + shift) % words]! ^ (y >>> 1) ^ (y & 1 ? 0x9908b0df : 0)
    }
    this.position = 0
  }
}

function mixed(word: number): number {
  return word ^ (word >>> 30)
}

function abs(value: bigint): bigint {
  return value < 0n ? -value : value
}
