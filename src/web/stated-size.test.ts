import sharp from 'sharp'
import { expect, it } from 'vitest'
import { statedSize } from './stated-size.js'

const drawn = (width: number, height: number) =>
  sharp({ create: { width, height, channels: 3, background: '#d01818' } })

it.each([
  ['png', drawn(301, 207).png()],
  [
    'jpeg',
    drawn(301, 207)
      .jpeg()
      .withExif({ IFD0: { Copyright: 'somebody' } }),
  ],
  ['progressive jpeg', drawn(301, 207).jpeg({ progressive: true })],
  ['webp', drawn(301, 207).webp()],
  ['lossless webp', drawn(301, 207).webp({ lossless: true })],
  ['webp with a profile', drawn(301, 207).withIccProfile('srgb').webp()],
])('the size of a %s is read from its first bytes', async (_, image) => {
  const head = new Uint8Array(await image.toBuffer()).subarray(0, 2 ** 16)
  expect(statedSize(head)).toEqual({ width: 301, height: 207 })
})

it('other files, and those that end before, state none', async () => {
  const jpeg = new Uint8Array(await drawn(8, 8).jpeg().toBuffer())
  expect(statedSize(jpeg.subarray(0, 30))).toBeUndefined()
  expect(statedSize(new Uint8Array(await drawn(8, 8).gif().toBuffer()))).toBeUndefined()
  expect(statedSize(new TextEncoder().encode('a note'))).toBeUndefined()
  expect(statedSize(new Uint8Array())).toBeUndefined()
})
