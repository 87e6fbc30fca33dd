import { createHash } from 'node:crypto'
import { expect, it } from 'vitest'
import { Sha256, sha256 } from './hash.js'

const bytes = Uint8Array.from({ length: 1000 }, (_, i) => (i * 7919) % 251)
const expected = (length: number) => createHash('sha256').update(bytes.subarray(0, length)).digest('hex')

it('SHA-256 of every length around a block is that of Node', () => {
  for (let length = 0; length < 200; length++) {
    expect(new Sha256().update(bytes.subarray(0, length)).hex(), `${length}`).toBe(expected(length))
  }
})

it('SHA-256 is the same in whatever parts the bytes come, by either way', async () => {
  for (const cuts of [[1, 2, 3], [63, 64, 65, 128], [500], [0, 999]]) {
    const ends = [...cuts, bytes.length]
    const parts = ends.map((end, i) => bytes.subarray(ends[i - 1] ?? 0, end))
    const hash = new Sha256()
    for (const part of parts) hash.update(part)
    expect(hash.hex()).toBe(expected(bytes.length))
    expect(await sha256(parts)).toBe(expected(bytes.length))
  }
})
