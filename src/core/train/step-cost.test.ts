import { describe, expect, it } from 'vitest'
import { backbones, randomClip, wordTokenizer } from '../../../test/support/random-clip.js'
import { graphCost } from '../graph/index.js'
import { sizedParameters } from '../methods/parameter-shape.js'
import { configure, methodNamed } from '../methods/registry.js'
import type { Tokenizer } from '../tokenizer/tokenizer.js'
import { stepGraph } from './step-graph.js'

// What a training step takes at ViT-B/16 with the methods' published batches and class names of four tokens, told from
// shapes alone, so that no clock decides. A figure that falls is a saving: write it down here. One that rises is a
// saving lost.

const clip = randomClip(backbones['ViT-B/16']!, wordTokenizer as Tokenizer)

const namesOf = (classes: number, name = (i: number) => `name of class${i}`) =>
  Array.from({ length: classes }, (_, i) => name(i))

function stepCost(name: string, classNames: readonly string[], model = clip) {
  const method = methodNamed(name)
  const configured = configure({ method, methodOptions: method.options.parse({}), classNames }, model)
  const parameters = sizedParameters(configured.parameters)
  const { batchSize } = method.defaults
  return graphCost(stepGraph({ method: configured, parameters, batchSize, shots: 16 }))
}

const steps: [method: string, classes: number, gflop: number, operators: number, peakMB: number][] = [
  ['promptsrc', 10, 405.3, 3383, 519],
  ['promptsrc', 50, 434.0, 3383, 595],
  ['promptsrc', 500, 756.9, 3383, 1461],
  ['ivlp', 10, 275.4, 3026, 492],
  ['ivlp', 500, 627.0, 3026, 1460],
  ['maple', 10, 277.2, 3071, 495],
  ['maple', 500, 767.1, 3071, 1749],
  ['coop', 10, 1055.9, 1963, 282],
  ['coop', 500, 1409.5, 1963, 1513],
  ['cocoop', 10, 40.6, 1988, 22],
  ['cocoop', 50, 69.3, 1988, 101],
  ['proda', 10, 733.9, 9785, 366],
  ['proda', 50, 985.7, 9785, 1038],
]

describe.each(steps)('a step of %s with %i classes', (name, classes, gflop, operators, peakMB) => {
  const cost = stepCost(name, namesOf(classes))

  it(`takes ${gflop} GFLOP in products`, () => {
    expect(cost.flops / 1e9).toBeCloseTo(gflop, 1)
  })

  it(`applies ${operators} operators`, () => {
    expect(Object.values(cost.operators).reduce((sum, n) => sum + n, 0)).toBe(operators)
  })

  it(`holds ${peakMB} MB of values at once, and every weight once`, () => {
    expect(cost.peakBytes / 1e6).toBeCloseTo(peakMB, 0)
    // Both towers but the token embedding, 497 MB, and what is laid out for the classes.
    expect(cost.weightBytes / 1e6 - 497).toBeLessThan(50)
  })
})

it("an EVA02 image tower takes the products of CLIP's: its three smaller ones in the MLP are as many", () => {
  const eva = stepCost(
    'promptsrc',
    namesOf(50),
    randomClip(backbones['EVA02-B/16']!, wordTokenizer as Tokenizer),
  )
  expect(eva.flops / 1e9).toBeCloseTo(434.0, 1)
  expect(eva.peakBytes / 1e6).toBeCloseTo(713, 0)
})

describe('a step with class names of one to eight words', () => {
  const words = 'small old wild northern spotted great white river'.split(' ')
  const named = (i: number) => [...words.slice(0, i % 8), `name${i}`].join(' ')
  it.each([
    ['promptsrc', 10, 412.4, 535],
    ['promptsrc', 500, 877.1, 1669],
    ['cocoop', 50, 81.7, 126],
  ] as const)(
    '%s with %i classes takes %f GFLOP and %d MB, not those of the longest name for all',
    (name, classes, gflop, peakMB) => {
      const cost = stepCost(name, namesOf(classes, named))
      expect(cost.flops / 1e9).toBeCloseTo(gflop, 1)
      expect(cost.peakBytes / 1e6).toBeCloseTo(peakMB, 0)
    },
  )
})
