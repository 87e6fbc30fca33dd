import { expect, it } from 'vitest'
import { MessageWriter } from './message-writer.js'

const written = (write: (w: MessageWriter) => void): number[] => {
  const w = new MessageWriter()
  write(w)
  return [...w.finish()]
}

it("writes the examples of protobuf's documentation", () => {
  expect(written((w) => w.integer(1, 150))).toEqual([0x08, 0x96, 0x01])
  expect(written((w) => w.string(2, 'testing'))).toEqual([0x12, 7, ...new TextEncoder().encode('testing')])
  expect(written((w) => w.message(3, () => w.integer(1, 150)))).toEqual([0x1a, 3, 0x08, 0x96, 0x01])
  expect(written((w) => w.integer(1, -2))).toEqual([8, 0xfe, ...Array.from({ length: 8 }, () => 0xff), 1])
})

it('writes what is wider than 32 bits, floats, and fields of two bytes', () => {
  expect(written((w) => w.integer(1, 2 ** 40))).toEqual([8, 128, 128, 128, 128, 128, 32])
  expect(written((w) => w.float(2, 1.5))).toEqual([0x15, 0, 0, 0xc0, 0x3f])
  expect(written((w) => w.integer(20, 7))).toEqual([0xa0, 1, 7])
})

it('puts lengths of any size before messages in messages', () => {
  const content = new Uint8Array(20_000).fill(5)
  const nested = written((w) => w.message(1, () => w.message(1, () => w.bytes(1, content))))
  // 20000 as 7 bits a byte: 160 156 1; each level has three more bytes and its tag.
  expect(nested.slice(0, 12)).toEqual([10, 168, 156, 1, 10, 164, 156, 1, 10, 160, 156, 1])
  expect(nested).toHaveLength(20_012)
  expect(nested.slice(12).every((byte) => byte === 5)).toBe(true)
  const ahead = written((w) => {
    w.head(1, content.length)
    w.raw(content)
  })
  expect(ahead).toEqual(written((w) => w.bytes(1, content)))
})
