import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { loadModel } from '../../node/model.js'
import type { Run } from '../evaluate/create-classifier.js'
import type { Method } from '../methods/method.js'
import { configure, methodNamed } from '../methods/registry.js'
import type { Model } from '../model.js'
import { randomStream } from '../random.js'
import { contextWords } from './context-words.js'

let model: Model
let width: number
beforeAll(async () => {
  model = await loadModel('tiny')
  width = model.clip.config.text.width
})
afterAll(() => model.close())

const classNames = ['red square', 'blue circle']
const CONTEXT = 'prompt_learner.ctx'

/** A run whose parameters are still those that training with seed 1 begins from. */
async function begunRun(name: string, given: object = {}, changes: Partial<Method> = {}): Promise<Run> {
  const method = { ...methodNamed(name), ...changes }
  const methodOptions = method.options.parse(given)
  const parameters = new Map<string, Float32Array>()
  for (const { name, init } of configure({ method, methodOptions, classNames }, model.clip).parameters) {
    parameters.set(name, await init(randomStream(1, 'init', name)))
  }
  const named = { name: 'tiny', sha256: '' }
  return { model, prompts: { method, methodOptions, parameters, classNames, model: named } }
}

describe('the words of a context', () => {
  it('are the initial words where nothing was learned', async () => {
    const [prompt, ...others] = await contextWords(await begunRun('ivlp'), { top: 3 })
    expect(others).toEqual([])
    expect(prompt!.name).toBeUndefined()
    const words = prompt!.vectors.map(({ nearest }) => nearest[0]!)
    expect(words.map(({ text }) => text)).toEqual(['a', 'photo', 'of', 'a'])
    for (const { distance, cosine, wordEnd } of words) {
      expect(distance).toBe(0)
      expect(cosine).toBeCloseTo(1, 12)
      expect(wordEnd).toBe(true)
    }
    for (const { start, nearest, meanDistance } of prompt!.vectors) {
      expect(start).toEqual({ word: { text: nearest[0]!.text, wordEnd: true }, distance: 0 })
      expect(nearest).toHaveLength(3)
      expect(meanDistance).toBeGreaterThan(nearest[2]!.distance)
    }
  })

  it('tell how far a vector has moved from its word', async () => {
    const run = await begunRun('ivlp')
    run.prompts.parameters.get(CONTEXT)![width]! += 0.25
    const [prompt] = await contextWords(run)
    expect(prompt!.vectors.map(({ start }) => start!.distance)).toEqual([0, expect.closeTo(0.25, 6), 0, 0])
    expect(prompt!.vectors[1]!.start!.word!.text).toBe('photo')
  })

  it('know a random start by the seed, and no start without it', async () => {
    const run = await begunRun('ivlp', { contextInit: '', textContext: 5 })
    const [known] = await contextWords(run, { seed: 1 })
    expect(known!.vectors.map(({ start }) => start)).toEqual(Array(5).fill({ distance: 0 }))
    const [unknown] = await contextWords(run)
    expect(unknown!.vectors).toHaveLength(5)
    for (const vector of unknown!.vectors) expect(vector).not.toHaveProperty('start')
  })

  it('are told class by class where each class has a context of its own', async () => {
    const run = await begunRun('coop', { classSpecific: true, context: 3 })
    const prompts = await contextWords(run, { top: 1 })
    expect(prompts.map(({ name }) => name)).toEqual(classNames)
    expect(prompts.map(({ vectors }) => vectors.length)).toEqual([3, 3])
    const values = run.prompts.parameters.get(CONTEXT)!
    const second = new Map([[CONTEXT, values.slice(3 * width)]])
    const alone = await begunRun('coop', { context: 3 })
    const [shared] = await contextWords(
      { ...alone, prompts: { ...alone.prompts, parameters: second } },
      { top: 1 },
    )
    expect(shared!.name).toBeUndefined()
    expect(prompts[1]!.vectors.map(({ nearest }) => nearest)).toEqual(
      shared!.vectors.map(({ nearest }) => nearest),
    )
  })

  it('are told prompt by prompt of a set', async () => {
    const prompts = await contextWords(await begunRun('proda', { prompts: 4, context: 2 }), { seed: 1 })
    expect(prompts.map(({ name }) => name)).toEqual([
      'prompt 1 of 4',
      'prompt 2 of 4',
      'prompt 3 of 4',
      'prompt 4 of 4',
    ])
    for (const { vectors } of prompts) {
      expect(vectors.map(({ start }) => start)).toEqual([{ distance: 0 }, { distance: 0 }])
    }
  })

  it.each(['cocoop', 'maple', 'promptsrc'] as const)(
    'are those of the initial words for %s',
    async (name) => {
      const [prompt] = await contextWords(await begunRun(name), { top: 1 })
      const words = prompt!.vectors.map(({ nearest }) => nearest[0]!.text)
      expect(['a', 'photo', 'of', 'a'].slice(0, words.length)).toEqual(words)
    },
  )

  it('are none where no context was learned', async () => {
    const { configure } = methodNamed('ivlp')
    const run = await begunRun(
      'ivlp',
      {},
      { configure: (...given) => ({ ...configure(...given), parameters: [] }) },
    )
    expect(await contextWords(run)).toEqual([])
  })
})
