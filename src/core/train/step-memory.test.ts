import { describe, expect, it } from 'vitest'
import { backbones, randomClip, wordTokenizer } from '../../../test/support/random-clip.js'
import { graphCost } from '../graph/index.js'
import { configure, methodNamed } from '../methods/registry.js'
import type { Tokenizer } from '../tokenizer/tokenizer.js'
import { stepGraph } from './step-graph.js'
import { fittedStep, stepBytes } from './step-memory.js'

const clip = randomClip(backbones['ViT-B/16']!, wordTokenizer as Tokenizer)

function step(name: string, classes: number) {
  const method = methodNamed(name)
  const classNames = Array.from({ length: classes }, (_, i) => `name of class${i}`)
  const configured = configure({ method, methodOptions: method.options.parse({}), classNames }, clip)
  const { batchSize } = method.defaults
  return { method: configured, parameters: configured.parameters, batchSize, shots: 16 }
}

describe('a step of 1000 classes at ViT-B/16', () => {
  const options = step('promptsrc', 1000)

  it('takes 2.5 GB of values at once, and 0.9 GB for 250 classes at a time', () => {
    const whole = graphCost(stepGraph(options))
    const parts = graphCost(stepGraph({ ...options, classesAtOnce: 250 }))
    expect(whole.peakBytes / 1e6).toBeCloseTo(2453, 0)
    expect(parts.peakBytes / 1e6).toBeCloseTo(930, 0)
    // The price: texts are encoded twice.
    expect(whole.flops / 1e9).toBeCloseTo(1115.7, 1)
    expect(parts.flops / 1e9).toBeCloseTo(1475.2, 1)
  })

  it('encodes all at once where that fits, else the most that do', async () => {
    expect((await fittedStep(options)).classesAtOnce).toBeUndefined()
    expect((await fittedStep(options, 5e9)).classesAtOnce).toBeUndefined()
    const fitted = await fittedStep(options, 3e9)
    expect(fitted.classesAtOnce).toBe(256)
    expect(stepBytes(fitted.graph)).toBeLessThan(3e9)
  })

  it('encodes as many as it is told, whatever the memory', async () => {
    expect((await fittedStep({ ...options, classesAtOnce: 500 }, 1)).classesAtOnce).toBe(500)
  })
})

it('a step that trains all weights of ViT-B/32 takes their copies as well', async () => {
  const model = randomClip(backbones['ViT-B/32']!, wordTokenizer as Tokenizer)
  const method = methodNamed('fine-tune')
  const classNames = Array.from({ length: 50 }, (_, i) => `name of class${i}`)
  const configured = configure({ method, methodOptions: method.options.parse({}), classNames }, model)
  const options = { method: configured, parameters: configured.parameters, batchSize: 4, shots: 16 }
  const { graph } = await fittedStep(options)
  // A process took 4.50 GB, without a thread to which values are copied.
  expect(stepBytes(graph)).toBeGreaterThan(4.5e9)
  expect(stepBytes(graph)).toBeLessThan(6e9)
})

it('a step that fits in no way encodes the fewest classes at once', async () => {
  expect((await fittedStep(step('promptsrc', 40), 1)).classesAtOnce).toBe(32)
})

it('a step of so few classes that parting them is no help stays whole', async () => {
  expect((await fittedStep(step('promptsrc', 10), 1)).classesAtOnce).toBeUndefined()
})
