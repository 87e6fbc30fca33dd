import { describe, expect, it } from 'vitest'
import { type Examination, type ExaminedPicture, findingsOf } from './findings.js'

const picture = (name: string, more: Partial<ExaminedPicture> = {}): ExaminedPicture => ({
  name,
  part: 'train',
  label: 0,
  pixels: 100,
  content: name,
  ...more,
})
const examination = (pictures: ExaminedPicture[], more: Partial<Examination> = {}): Examination => ({
  name: 'data',
  classNames: ['cat', 'dog', 'fox'],
  pictures,
  groups: [],
  doubts: [],
  unlike: [],
  poor: [],
  ...more,
})
const advised = (found: Examination) =>
  findingsOf(found).map(({ picture, advice }) =>
    advice.kind === 'move' ? [picture, 'move', advice.label] : [picture, advice.kind],
  )
const group = (exact: boolean, ...images: number[]) => ({ images, exact })

describe('what is advised for copies', () => {
  it('removes exact copies but one', () => {
    const pictures = [picture('a'), picture('b', { content: 'a' }), picture('c', { content: 'a' })]
    const found = examination(pictures, { groups: [group(true, 0, 1, 2)] })
    expect(advised(found)).toEqual([
      [0, 'keep'],
      [1, 'remove'],
      [2, 'remove'],
    ])
    expect(findingsOf(found)[0]!.problems).toEqual([{ kind: 'copy', images: [0, 1, 2], between: [] }])
  })

  it('keeps what is measured where a picture is in train and test', () => {
    const pictures = [picture('a', { pixels: 900 }), picture('b', { part: 'test' })]
    const found = examination(pictures, { groups: [group(false, 0, 1)] })
    expect(advised(found)).toEqual([
      [0, 'remove'],
      [1, 'keep'],
    ])
    expect(findingsOf(found)[0]!.problems).toEqual([
      { kind: 'near copy', images: [0, 1], between: ['train and test'] },
    ])
  })

  it('keeps near copies of one part and class, and of exact copies among them one', () => {
    const pictures = [picture('a'), picture('b'), picture('c', { content: 'b' })]
    const found = examination(pictures, { groups: [group(false, 0, 1, 2)] })
    expect(advised(found)).toEqual([
      [0, 'keep'],
      [1, 'keep'],
      [2, 'remove'],
    ])
    expect(findingsOf(found)[2]!.problems).toEqual([
      { kind: 'copy', images: [1, 2], between: [] },
      { kind: 'near copy', images: [0, 1, 2], between: [] },
    ])
  })

  it('keeps of what is measured one of exact copies, though an earlier one in train goes', () => {
    const pictures = [
      picture('a'),
      picture('b', { part: 'test', pixels: 900 }),
      picture('c', { part: 'test', content: 'a' }),
      picture('d', { part: 'test', content: 'a' }),
    ]
    expect(advised(examination(pictures, { groups: [group(false, 0, 1, 2, 3)] }))).toEqual([
      [0, 'remove'],
      [1, 'keep'],
      [2, 'keep'],
      [3, 'remove'],
    ])
  })

  it('decides between two classes only where the label of one is doubted', () => {
    const pictures = [picture('a'), picture('b', { label: 1, content: 'a' })]
    const groups = [group(true, 0, 1)]
    expect(advised(examination(pictures, { groups })).map(([, action]) => action)).toEqual(['keep', 'keep'])
    const doubts = [{ index: 0, given: 0, likely: 1, margin: 0.9 }]
    const found = examination(pictures, { groups, doubts, base: new Set([0]) })
    expect(advised(found).map(([, action]) => action)).toEqual(['remove', 'keep'])
    expect(findingsOf(found)[1]!.problems).toEqual([
      { kind: 'copy', images: [0, 1], between: ['two classes', 'base and novel'] },
    ])
  })
})

it('moves what is surely in a wrong class, keeps what is only worth a look, and removes what cannot be read', () => {
  const pictures = [
    picture('a'),
    picture('b'),
    picture('c', { content: undefined, problem: 'text' }),
    picture('d'),
  ]
  const doubts = [
    { index: 0, given: 0, likely: 2, margin: 0.5 },
    { index: 1, given: 0, likely: 2, margin: 0.49 },
    { index: 3, given: 0, likely: 2, margin: 0.9 },
  ]
  const poor = [{ index: 3, kind: 'dark' as const, detail: 'd' }]
  expect(advised(examination(pictures, { doubts, poor }))).toEqual([
    [0, 'move', 2],
    [1, 'keep'],
    [2, 'remove'],
    [3, 'keep'],
  ])
})
