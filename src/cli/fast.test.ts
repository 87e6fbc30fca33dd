import { expect, it } from 'vitest'
import { backbones, randomClip, wordTokenizer } from '../../test/support/random-clip.js'
import type { Tokenizer } from '../core/tokenizer/tokenizer.js'
import { fastCost, fastFrom, fastMethods, fastSettings } from './fast.js'

it('chooses among the methods that learn from frozen features', () => {
  expect(fastMethods()).toEqual(['prolip', 'tip-adapter', 'tip-adapter-f', 'gda'])
  expect(fastFrom('gda', 'photos')).toEqual({ fast: 'gda', data: 'photos' })
  expect(fastFrom(true, 'photos')).toEqual({ fast: 'prolip', data: 'photos' })
  expect(fastFrom(undefined, 'photos')).toEqual({ fast: undefined, data: 'photos' })
  expect(fastSettings('gda')).toEqual({ method: 'gda', methodOptions: { views: 2 } })
})

it('takes data behind the option for what it is, and names the methods for anything else', () => {
  expect(fastFrom('photos', undefined)).toEqual({ fast: 'prolip', data: 'photos' })
  expect(() => fastFrom('prolib', 'photos')).toThrow(
    '--fast prolib: expected one of prolip, tip-adapter, tip-adapter-f, gda, or nothing',
  )
})

it('takes the operations of two views of every image', async () => {
  const clip = randomClip(backbones['ViT-B/16']!, wordTokenizer as Tokenizer)
  const cost = await fastCost(clip, { classNames: ['word1', 'word2'], images: 32 })
  expect(cost.flops.images / 1e9 / 64).toBeCloseTo(32.7, 1)
  expect(cost.flops.steps).toBeLessThan(cost.flops.images)
})
