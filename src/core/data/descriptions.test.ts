import { describe, expect, it } from 'vitest'
import { selectClasses } from './base-novel.js'
import { describedClasses, labelledSentences, parseDescriptions, withDescriptions } from './descriptions.js'

const dataset = { name: 'pets', classNames: ['Maine Coon', 'pug', 'beagle'], train: [], val: [], test: [] }
const parsed = (value: unknown) => parseDescriptions(JSON.stringify(value), 'pets.json')

it('gives each sentence the class of its key, whatever its case and underscores', () => {
  const sentences = parsed({
    pug: ['A small dog.'],
    maine_coon: ['A cat.', 'It is large.'],
    BEAGLE: ['A dog.'],
  })
  expect(labelledSentences(withDescriptions(dataset, sentences, 'pets.json'))).toEqual({
    texts: ['A cat.', 'It is large.', 'A small dog.', 'A dog.'],
    labels: Int32Array.of(0, 0, 1, 2),
  })
})

it('is a data set without images by itself, its classes in the order of the file', () => {
  const text = '{"zebra": ["Striped."], "7": ["A digit."], "sea_lion": ["Wet."]}'
  const own = describedClasses(parseDescriptions(text, 'a.json'), 'a', 'a.json')
  expect(own.classNames).toEqual(['zebra', '7', 'sea lion'])
  expect(own.train).toEqual([])
})

it('asks for sentences about the classes that are chosen alone', () => {
  const some = withDescriptions(dataset, parsed({ 'Maine Coon': ['A cat.'], pug: ['A dog.'] }), 'pets.json')
  expect(labelledSentences(selectClasses(some, 'base')).texts).toEqual(['A cat.', 'A dog.'])
  expect(() => labelledSentences(some)).toThrow(
    'pets.json describes 2 of 3 classes of pets; "beagle" is missing',
  )
})

describe('a file that cannot be used', () => {
  it.each([
    ['{"pug": ["A dog."]', /pets.json is not JSON/],
    ['[]', /holds a list; expected an object/],
    ['{}', /describes no class/],
    ['{"pug": "A dog."}', /"pug" is a text; expected a list of sentences/],
    ['{"pug": ["A dog.", 7]}', /"pug", entry 2 is a number; expected a sentence/],
    ['{"pug": []}', /"pug" is an empty list; expected a list of sentences/],
    ['{"pug": [" "]}', /"pug", entry 1 is an empty sentence/],
    ['{" ": ["A dog."]}', /a class has no name/],
    ['{"pug": ["A: {dog}."], "pug": ["It is small."]}', /has "pug" twice/],
    ['{"sea_lion": ["Wet."], "Sea lion": ["Large."]}', /"sea_lion" and "Sea lion", which name one class/],
  ])('%s is refused', (text, message) => {
    expect(() => parseDescriptions(text, 'pets.json')).toThrow(message)
  })

  it('names classes that there are not, and those that may be meant', () => {
    expect(() => withDescriptions(dataset, parsed({ beagel: ['A dog.'] }), 'pets.json')).toThrow(
      expect.objectContaining({
        message: 'pets.json describes "beagel", which is no class of pets',
        hint: 'Did you mean beagle?',
      }),
    )
  })

  it('is told from one that is not there', () => {
    expect(() => labelledSentences(dataset)).toThrow('pets comes without descriptions of its classes')
  })
})
