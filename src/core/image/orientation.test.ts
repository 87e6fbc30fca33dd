import { describe, expect, it } from 'vitest'
import { oriented } from './orientation.js'

/** A grey picture of one digit a pixel. */
const picture = (...rows: string[]) => ({
  width: rows[0]!.length,
  height: rows.length,
  data: Uint8Array.from([...rows.join('')].flatMap((digit) => [+digit, +digit, +digit])),
})

describe('oriented', () => {
  // Where the first row (123) and the first column (14) of the stored picture go, by the standard.
  it.each([
    [1, 'top', 'left', ['123', '456']],
    [2, 'top', 'right', ['321', '654']],
    [3, 'bottom', 'right', ['654', '321']],
    [4, 'bottom', 'left', ['456', '123']],
    [5, 'left', 'top', ['14', '25', '36']],
    [6, 'right', 'top', ['41', '52', '63']],
    [7, 'right', 'bottom', ['63', '52', '41']],
    [8, 'left', 'bottom', ['36', '25', '14']],
  ])('%d: the first row is the %s, the first column the %s', (orientation, _row, _column, rows) => {
    expect(oriented(picture('123', '456'), orientation)).toEqual(picture(...rows))
  })

  it('takes an orientation that there is not for none', () => {
    const stored = picture('123', '456')
    for (const odd of [0, 9, -1, 2.5, Number.NaN]) expect(oriented(stored, odd)).toBe(stored)
  })

  it('keeps pixels together in pictures of several tiles', () => {
    const [width, height] = [70, 45]
    const data = Uint8Array.from({ length: width * height * 3 }, (_, i) => (i * 7919) % 251)
    const stored = { width, height, data }
    const back = [1, 2, 3, 4, 5, 8, 7, 6]
    for (const [i, inverse] of back.entries())
      expect(oriented(oriented(stored, i + 1), inverse)).toEqual(stored)
    expect(oriented(stored, 6)).not.toEqual(oriented(stored, 8))
  })
})
