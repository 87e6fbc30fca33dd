import { expect, it } from 'vitest'
import { costOf, exactSavings } from '../bench/saving-list.js'
import type { Tokenizer } from '../src/core/tokenizer/tokenizer.js'
import { randomClip, smallConfig, wordTokenizer } from './support/random-clip.js'

// What `npm run bench:savings` shows, on a small model and without a clock.

const clip = randomClip(
  { ...smallConfig, text: { ...smallConfig.text, contextLength: 77 } },
  wordTokenizer as Tokenizer,
)
const savings = exactSavings({ clip, classes: 20, batch: 2, photos: [] })

/** Savings in operations by the least factor that they have here; those with 1 save time or memory alone. */
const least: readonly [words: string, factor: number][] = [
  ['texts cut', 5],
  ['prefix computed once', 1.5],
  ['class names packed', 1.5],
  ['unread rows of images', 1.2],
  ['frozen features of images', 1.1],
  ['prefixes of a teacher', 1.5],
  ['packed copies', 1],
  ['packed copies of weights, opening', 1],
]

it.each(least)('%s: %f times the operations without', async (words, factor) => {
  const saving = savings.find(({ title }) => title.startsWith(words))!
  const [off, on] = [costOf(await saving.off()), costOf(await saving.on())]
  expect(off.gflop! / on.gflop!).toBeGreaterThanOrEqual(factor)
})

it('classes at a time take less memory for more operations', async () => {
  const saving = savings.find(({ title }) => title.startsWith('classes'))!
  const [off, on] = [costOf(await saving.off()), costOf(await saving.on())]
  expect(off.valuesMb! / on.valuesMb!).toBeGreaterThan(2)
  expect(on.gflop!).toBeGreaterThan(off.gflop!)
})
