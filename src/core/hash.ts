/** Bits of the fractional parts of square (n = 2) or cube (n = 3) roots of the first primes: FIPS 180-4, sections 4.2.2, 5.3.3. */
function rootsOfPrimes(count: number, n: 2 | 3): Uint32Array {
  const roots = new Uint32Array(count)
  for (let candidate = 2, found = 0; found < count; candidate++) {
    let divisor = 2
    while (divisor * divisor <= candidate && candidate % divisor !== 0) divisor++
    if (divisor * divisor > candidate) roots[found++] = fractionBits(BigInt(candidate), n)
  }
  return roots
}

/** The first 32 bits behind the point of a root, exactly: the whole root of value * 2^(32 n), modulo 2^32. */
function fractionBits(value: bigint, n: 2 | 3): number {
  const power = value << BigInt(32 * n)
  let root = 0n
  for (let bit = 1n << 40n; bit > 0n; bit >>= 1n) if ((root + bit) ** BigInt(n) <= power) root += bit
  return Number(root & 0xffffffffn)
}

const initial = rootsOfPrimes(8, 2)
const constants = rootsOfPrimes(64, 3)
const BLOCK = 64

/**
 * SHA-256 (FIPS 180-4) of bytes that come in parts: WebCrypto hashes only what is in memory as a whole, and only on pages that
 * are served by https.
 */
export class Sha256 {
  private readonly state = initial.slice()
  private readonly schedule = new Int32Array(BLOCK)
  private readonly rest = new Uint8Array(BLOCK)
  private length = 0

  update(bytes: Uint8Array): this {
    const kept = this.length % BLOCK
    this.length += bytes.length
    if (kept + bytes.length < BLOCK) {
      this.rest.set(bytes, kept)
      return this
    }
    let at = BLOCK - kept
    this.rest.set(bytes.subarray(0, at), kept)
    this.block(this.rest, 0)
    for (; at + BLOCK <= bytes.length; at += BLOCK) this.block(bytes, at)
    this.rest.set(bytes.subarray(at), 0)
    return this
  }

  /** Hexadecimal; nothing can be added afterwards. */
  hex(): string {
    const bits = this.length * 8
    const padding = new Uint8Array(this.length % BLOCK < 56 ? BLOCK : 2 * BLOCK).subarray(this.length % BLOCK)
    padding[0] = 0x80
    const view = new DataView(padding.buffer, padding.byteOffset, padding.length)
    view.setUint32(padding.length - 8, Math.floor(bits / 2 ** 32))
    view.setUint32(padding.length - 4, bits >>> 0)
    this.update(padding)
    return Array.from(this.state, (word) => word.toString(16).padStart(8, '0')).join('')
  }

  private block(bytes: Uint8Array, from: number): void {
    const { state, schedule: w } = this
    for (let i = 0; i < 16; i++) {
      const at = from + 4 * i
      w[i] = (bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!
    }
    for (let i = 16; i < 64; i++) {
      const x = w[i - 15]!
      const y = w[i - 2]!
      const s0 = ((x >>> 7) | (x << 25)) ^ ((x >>> 18) | (x << 14)) ^ (x >>> 3)
      const s1 = ((y >>> 17) | (y << 15)) ^ ((y >>> 19) | (y << 13)) ^ (y >>> 10)
      w[i] = (w[i - 16]! + s0 + w[i - 7]! + s1) | 0
    }
    let a = state[0]! | 0
    let b = state[1]! | 0
    let c = state[2]! | 0
    let d = state[3]! | 0
    let e = state[4]! | 0
    let f = state[5]! | 0
    let g = state[6]! | 0
    let h = state[7]! | 0
    for (let i = 0; i < 64; i++) {
      const s1 = ((e >>> 6) | (e << 26)) ^ ((e >>> 11) | (e << 21)) ^ ((e >>> 25) | (e << 7))
      const t1 = (h + s1 + ((e & f) ^ (~e & g)) + constants[i]! + w[i]!) | 0
      const s0 = ((a >>> 2) | (a << 30)) ^ ((a >>> 13) | (a << 19)) ^ ((a >>> 22) | (a << 10))
      const t2 = (s0 + ((a & b) ^ (a & c) ^ (b & c))) | 0
      h = g
      g = f
      f = e
      e = (d + t1) | 0
      d = c
      c = b
      b = a
      a = (t1 + t2) | 0
    }
    state[0]! += a
    state[1]! += b
    state[2]! += c
    state[3]! += d
    state[4]! += e
    state[5]! += f
    state[6]! += g
    state[7]! += h
  }
}

/** SHA-256 of parts one after the other, hexadecimal: by WebCrypto where there is one, which is several times as fast. */
export async function sha256(parts: readonly Uint8Array[]): Promise<string> {
  const { subtle } = (globalThis.crypto ?? {}) as Partial<Crypto>
  if (!subtle) {
    const hash = new Sha256()
    for (const part of parts) hash.update(part)
    return hash.hex()
  }
  const all = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0))
  let at = 0
  for (const part of parts) {
    all.set(part, at)
    at += part.length
  }
  const digest = await subtle.digest('SHA-256', all)
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, '0')).join('')
}
