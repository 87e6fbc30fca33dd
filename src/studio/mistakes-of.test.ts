import { expect, it } from 'vitest'
import type { Project } from '../core/studio/place.js'
import type { StudioReport } from '../core/studio/report.js'
import { judgedPictures, Moves, matrixOf } from './mistakes-of.js'

const said = (answer: number) => ({ answer, probability: 0.9 })
const picture = (classId: string, name: string, answer: number) => ({
  classId,
  name,
  learned: false,
  trained: said(answer),
  zeroShot: said(0),
})
const report = {
  classes: [
    { id: 'oak', name: 'oak' },
    { id: 'elm', name: 'elm' },
  ],
  pictures: [picture('oak', '1.jpg', 0), picture('oak', '2.jpg', 1), picture('elm', '3.jpg', 1)],
} as unknown as StudioReport
const project = (oak: string[], elm: string[]) =>
  ({
    classes: [
      { id: 'oak', name: 'oak', pictures: oak },
      { id: 'elm', name: 'elm', pictures: elm },
    ],
  }) as unknown as Project
const counts = (...classes: [string[], string[]]) =>
  matrixOf(judgedPictures(report, project(...classes)), 2, 'trained').map((row) =>
    row.map(({ length }) => length),
  )

it('counts pictures by their class and the one they were taken for', () => {
  expect(counts(['1.jpg', '2.jpg'], ['3.jpg'])).toEqual([
    [1, 1],
    [0, 1],
  ])
})

it('follows a picture that was moved to its right class, and forgets one that was removed', () => {
  expect(counts(['1.jpg'], ['2.jpg', '3.jpg'])).toEqual([
    [1, 0],
    [0, 2],
  ])
  expect(judgedPictures(report, project(['1.jpg'], ['2.jpg'])).map(({ moved }) => moved)).toEqual([
    false,
    true,
  ])
})

it('does not take another picture of its name for one that got another name on its way, and knows when it is back', () => {
  const same = {
    ...report,
    pictures: [picture('oak', '1.jpg', 0), picture('elm', '1.jpg', 1)],
  } as unknown as StudioReport
  const moves = new Moves()
  const [from, to] = [
    { classId: 'oak', name: '1.jpg' },
    { classId: 'elm', name: '1-2.jpg' },
  ]
  const labels = (oak: string[], elm: string[]) =>
    judgedPictures(same, project(oak, elm), moves).map(({ label, moved }) => [label, moved])
  expect(labels([], ['1.jpg'])).toEqual([[1, false]])
  moves.moved(from, to)
  expect(labels([], ['1.jpg', '1-2.jpg'])).toEqual([
    [1, true],
    [1, false],
  ])
  moves.moved(to, from)
  expect(labels(['1.jpg'], ['1.jpg'])).toEqual([
    [0, false],
    [1, false],
  ])
})
