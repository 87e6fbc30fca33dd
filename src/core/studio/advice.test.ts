import { expect, it } from 'vitest'
import { adviceFor, proposedPasses } from './advice.js'

const kinds = (...pictures: number[]) =>
  adviceFor(pictures.map((count, i) => ({ name: `class ${i}`, pictures: count }))).map(({ kind }) => kind)

it('asks for two classes with pictures before anything else', () => {
  expect(kinds()).toEqual(['needed'])
  expect(kinds(20)).toEqual(['needed'])
  expect(kinds(20, 0, 0)).toEqual(['needed', 'needed'])
})

it('names classes of few pictures and uneven numbers, and is content with neither', () => {
  expect(kinds(8, 12)).toEqual([])
  expect(kinds(1, 8)).toEqual(['better'])
  expect(kinds(3, 9)).toEqual(['better'])
  const [first, second] = adviceFor([
    { name: 'oak', pictures: 40 },
    { name: 'elm', pictures: 5 },
  ])
  expect(first!.message).toContain('“elm” has 5 pictures')
  expect(second!.message).toContain('“oak” has 40 pictures and “elm” 5')
})

it('proposes more passes over few pictures, and those of the paper over many', () => {
  expect(proposedPasses([16, 16, 16, 16], 16)).toBe(40)
  expect(proposedPasses([3, 3], 16)).toBe(50)
  expect(
    proposedPasses(
      Array.from({ length: 20 }, () => 100),
      16,
    ),
  ).toBe(20)
})
