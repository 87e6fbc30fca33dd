import { describe, expect, it } from 'vitest'
import { evaluationNotes } from './evaluation-notes.js'

const data = { name: 'photos', classNames: ['cat', 'dog'], images: 4, trainingImages: false }

describe('notes on an evaluation', () => {
  it('are none where the learned classes are measured on test images, whatever the case of their names', () => {
    expect(evaluationNotes(data, ['Dog', 'cat'])).toEqual([])
    expect(evaluationNotes(data)).toEqual([])
  })

  it('say that training images are measured', () => {
    expect(evaluationNotes({ ...data, trainingImages: true })).toEqual([
      'photos has no test images: these are its training images',
    ])
  })

  it('name classes that were not learned, and learned ones that are no choice', () => {
    expect(evaluationNotes({ ...data, classNames: ['cat', 'zebra'] }, ['cat', 'dog', 'fox'])).toEqual([
      '1 of 2 classes was not trained: zebra',
      '2 of 3 classes were trained but no choice here, which makes it easier: dog, fox',
    ])
  })

  it('name five of many', () => {
    const many = Array.from({ length: 8 }, (_, i) => `c${i}`)
    expect(evaluationNotes({ ...data, classNames: many }, [])[0]).toBe(
      '8 of 8 classes were not trained: c0, c1, c2, c3, c4 and 3 more',
    )
  })

  it('say that one class leaves no choice', () => {
    expect(evaluationNotes({ ...data, classNames: ['cat'] }, ['cat'])).toEqual([
      'with one class there is nothing to choose: accuracy says nothing',
    ])
  })
})
