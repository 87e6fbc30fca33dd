import { expect, it } from 'vitest'
import type { Verdict } from '../../core/evaluate/verdict.js'
import { classFolders, planSort } from './plan.js'

const file = (path: string) => ({ path, bytes: 1, mtimeMs: 0 })
const photo = (path: string, ...companions: string[]) => ({
  ...file(path),
  ctimeMs: 0,
  companions: companions.map(file),
})
const judged = (kind: Verdict['kind'], className: string, path: string, ...companions: string[]) => ({
  photo: photo(path, ...companions),
  verdict: { kind, classes: [{ className, probability: 1 }], score: 1 },
})
const targets = (plan: ReturnType<typeof planSort>) =>
  plan.flatMap(({ transfers }) => transfers.map(({ to }) => to))

it('pictures go to their classes, to "uncertain" and to "none of these", whatever classes are called', () => {
  const folders = classFolders(['fox', 'uncertain', 'none of these'])
  const plan = planSort(
    [
      judged('class', 'fox', 'a.jpg'),
      judged('class', 'uncertain', 'b.jpg'),
      judged('uncertain', 'fox', 'c.jpg'),
      judged('none', 'fox', 'd.jpg'),
    ],
    folders,
    () => [],
  )
  expect(targets(plan)).toEqual([
    'fox/a.jpg',
    'uncertain (2)/b.jpg',
    'uncertain/c.jpg',
    'none of these/d.jpg',
  ])
})

it('names that clash get a number, and all files of a picture the same', () => {
  const plan = planSort(
    [
      judged('class', 'fox', 'a/1.jpg', 'a/1.xmp', 'a/1.jpg.xmp'),
      judged('class', 'fox', 'b/1.JPG', 'b/1.mov'),
      judged('class', 'fox', 'c/1.png', 'c/1.xmp'),
      judged('class', 'fox', 'c/2.jpg'),
    ],
    classFolders(['fox']),
    () => ['2.JPG', '1 (2).mov'],
  )
  expect(targets(plan)).toEqual([
    'fox/1.jpg',
    'fox/1.xmp',
    'fox/1.jpg.xmp',
    'fox/1 (3).JPG',
    'fox/1 (3).mov',
    'fox/1 (2).png',
    'fox/1 (2).xmp',
    'fox/2 (2).jpg',
  ])
})
