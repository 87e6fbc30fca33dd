const primes = [10_007, 10_009, 10_037, 10_039] as const

/**
 * Sizes of a graph that are known only when it runs: how many images, texts, tokens. In shapes such a size is a number
 * like any other, a prime that no true size of the graph is a multiple of; so arithmetic on shapes keeps track of it.
 * What is written into a model is its name, or how a shape follows from the shapes of the inputs.
 */
export class OpenSizes<Name extends string = string> {
  private readonly names: ReadonlyMap<number, Name>

  /** At most four names. */
  constructor(...names: readonly Name[]) {
    if (names.length > primes.length)
      throw new RangeError(`${names.length} open sizes; at most four are told apart`)
    this.names = new Map(names.map((name, i) => [primes[i]!, name]))
  }

  /** The number that stands for a size in shapes. */
  size(name: Name): number {
    for (const [prime, known] of this.names) if (known === name) return prime
    throw new RangeError(`no open size ${name}`)
  }

  /** Whether a size is open, or follows from one that is. */
  isOpen(size: number): boolean {
    return this.factors(size).open.length > 0
  }

  /** A size as the product of open ones and a number. */
  factors(size: number): { readonly open: readonly number[]; readonly fixed: number } {
    const open: number[] = []
    let fixed = size
    for (const prime of this.names.keys()) {
      while (fixed > 0 && fixed % prime === 0) {
        open.push(prime)
        fixed /= prime
      }
    }
    return { open, fixed }
  }

  /** A shape with names in place of open sizes: `[batch, 3, 2*batch]`. */
  named(shape: readonly number[]): (number | string)[] {
    return shape.map((size) => {
      const { open, fixed } = this.factors(size)
      if (open.length === 0) return size
      return [...(fixed === 1 ? [] : [fixed]), ...open.map((prime) => this.names.get(prime)!)].join('*')
    })
  }
}
