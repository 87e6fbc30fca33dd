import { describe, expect, it } from 'vitest'
import { divideInThree, divideTraining } from './divide.js'

const images = (label: number, count: number) =>
  Array.from({ length: count }, (_, i) => ({ path: `${label}/${i}.jpg`, label, className: `class ${label}` }))
const numbers = (data: readonly { readonly path: string }[]) => data.map(({ path }) => path.slice(0, 3))

describe('divideInThree', () => {
  it('divides as Python does with its seed 1: shuffled class by class, halves rounded to even', () => {
    // random.seed(1); for n in (10, 5): l = list(range(n)); random.shuffle(l); print(l)
    const lists = divideInThree([...images(7, 10), ...images(3, 5)])
    expect(numbers(lists.train)).toEqual(['7/6', '7/8', '7/9', '7/7', '7/5', '3/2', '3/3'])
    expect(numbers(lists.val)).toEqual(['7/3', '7/0', '3/4'])
    expect(numbers(lists.test)).toEqual(['7/4', '7/1', '7/2', '3/0', '3/1'])
  })

  it('refuses a class that is too small, by name', () => {
    expect(() => divideInThree([...images(0, 10), ...images(1, 2)])).toThrow(
      /class "class 1": 2 images; too few/,
    )
  })
})

describe('divideTraining', () => {
  it('leaves the test list alone', () => {
    const test = images(0, 3)
    const lists = divideTraining(images(0, 10), test)
    expect(lists.test).toBe(test)
    expect([lists.train.length, lists.val.length]).toEqual([8, 2])
  })
})
