import { afterAll, describe, expect, it } from 'vitest'
import { countedRuntime } from '../../../test/support/counted-runtime.js'
import { backbones, randomClip, wordTokenizer } from '../../../test/support/random-clip.js'
import { nodeRuntime } from '../../node/runtime/node-runtime.js'
import type { Tokenizer } from '../tokenizer/tokenizer.js'
import { encodeWithSharedPrefixes, sharesPrefixes } from './shared-prefixes.js'
import { fillTemplate, promptSrcTemplates, selectedTemplates } from './templates.js'
import { classFeatures, encodeTexts } from './text-features.js'

const clip = randomClip(
  {
    embedDim: 32,
    activation: 'quick',
    vision: { kind: 'vit', resolution: 32, patchSize: 16, width: 64, layers: 1, heads: 1 },
    text: { contextLength: 32, vocabSize: 49408, width: 128, layers: 3, heads: 2 },
  },
  wordTokenizer as Tokenizer,
)
const runtime = nodeRuntime({ threads: 1, worker: false })
afterAll(() => runtime.close())

const long = 'lily of the valley in the shade of a very old and rather crooked tree'
const cases: [what: string, classNames: string[], templates: readonly string[]][] = [
  ['names of one and of many words', ['cat', 'highway or road', long, 'dog', 'a'], selectedTemplates],
  ['names that begin alike', ['red car', 'red cart', 'red', 'red'], ['a photo of a {}.']],
  ['one class', ['cat'], selectedTemplates],
  ['the name in front', ['cat', 'dog', 'big dog'], ['{} texture.', '{}', 'a {} in a video game.']],
  ['many classes', Array.from({ length: 150 }, (_, i) => `${'x '.repeat(i % 5)}class${i}`), ['the {}.']],
]

describe('features of classes by templates with shared prefixes', () => {
  it.each(cases)('are those of the texts encoded one by one: %s', async (_, classNames, templates) => {
    const found = await encodeWithSharedPrefixes(clip, runtime, classNames, templates)
    const texts = classNames.flatMap((name) => templates.map((template) => fillTemplate(template, name)))
    const expected = await encodeTexts(clip, runtime, texts)
    expect(found).toHaveLength(expected.length)
    const scale = Math.max(...expected.map(Math.abs))
    const worst = found.reduce((most, value, i) => Math.max(most, Math.abs(value - expected[i]!)), 0)
    expect(worst / scale).toBeLessThan(1e-5)
  })

  it('tell how many texts are done, up to all', async () => {
    const told: number[] = []
    await encodeWithSharedPrefixes(clip, runtime, ['cat', 'dog'], selectedTemplates, (done, all) =>
      told.push(done, all),
    )
    expect(told.slice(-2)).toEqual([14, 14])
  })

  it('take half the operations of texts one by one, at ViT-B/16 for 10 classes by 60 templates', async () => {
    const large = randomClip(backbones['ViT-B/16']!, wordTokenizer as Tokenizer)
    const classNames = Array.from({ length: 10 }, (_, i) => `${'old '.repeat(i === 7 ? 7 : i % 4)}name${i}`)
    const templates = promptSrcTemplates
    const [alone, shared] = [countedRuntime(), countedRuntime()]
    await encodeWithSharedPrefixes(large, shared.runtime, classNames, templates)
    const texts = classNames.flatMap((name) => templates.map((template) => fillTemplate(template, name)))
    await encodeTexts(large, alone.runtime, texts)
    expect(alone.flops() / 1e9).toBeCloseTo(519.1, 1)
    expect(shared.flops() / 1e9).toBeCloseTo(250.5, 1)
  })

  it('are taken where that saves much, and then kept under a name of their own', async () => {
    expect(sharesPrefixes(clip, ['cat', 'dog'], promptSrcTemplates)).toBe(false)
    const many = Array.from({ length: 400 }, (_, i) => `class${i} ${i === 7 ? long : ''}`)
    expect(sharesPrefixes(clip, many, promptSrcTemplates)).toBe(true)
    const named: string[] = []
    const cache = async ({ combination }: { combination: string }) => {
      named.push(combination)
      return new Float32Array(0)
    }
    for (const classNames of [['cat'], many]) {
      await classFeatures(
        clip,
        runtime,
        classNames,
        { templates: promptSrcTemplates, combination: 'mean' },
        { cache },
      )
    }
    expect(named).toEqual(['mean', 'mean, shared prefixes, even rows'])
  })
})
