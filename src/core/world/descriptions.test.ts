import { expect, it } from 'vitest'
import { sentencesAbout } from './descriptions.js'
import { pools } from './emoji/pools.js'

it('writes the same sentences about a class whichever others there are, each with its whole name', () => {
  const some = sentencesAbout('emoji', ['hamburger', 'beer mug'])
  expect(sentencesAbout('emoji', ['beer mug']).get('beer mug')).toEqual(some.get('beer mug'))
  for (const [name, texts] of some) for (const text of texts) expect(text).toContain(name)
  expect(some.get('beer mug')!.some((text) => text.includes('alcohol'))).toBe(true)
  const [shape] = sentencesAbout('toy', ['striped red circle']).values()
  for (const text of shape!) expect(text).toContain('striped red circle')
})

it('has something to say of everything that emoji sets show', () => {
  const names = Object.values(pools).flatMap((pool) => [...pool.keys()])
  const texts = [...sentencesAbout('emoji', names).values()]
  expect(texts.every((own) => own.length === 30)).toBe(true)
})
