import { describe, expect, it } from 'vitest'
import { add, constant, encodeGraph, type Tensor, values } from './index.js'

const LARGE = 4e6

/** A constant of 16 MB that follows from a model. */
const derived = (from: object, how: string, part = 'image') =>
  constant(how, [LARGE], () => new Float32Array(LARGE), { derived: { from, part, how } })

const sum = (...tensors: Tensor[]) => ({ y: tensors.reduce((total, x) => add(total, x)) })
const contents = async (outputs: Record<string, Tensor>) =>
  (await encodeGraph(outputs)).files.map(({ derived }) => derived?.contents)

describe('large constants that follow from a model', () => {
  const [model, other] = [{}, {}]

  it('lie in files of their own, one a part of the model, whatever else the graph has', async () => {
    const own = values('own', [LARGE], new Float32Array(LARGE))
    const files = (
      await encodeGraph(sum(derived(model, 'a'), own, derived(model, 'b', 'text'), derived(model, 'c')))
    ).files
    expect(files.map(({ derived, bytes, weights }) => [derived?.part, bytes, weights.length])).toEqual([
      ['image', 8 * LARGE, 2],
      ['text', 4 * LARGE, 1],
      [undefined, 4 * LARGE, 1],
    ])
    expect(new Set(files.map(({ location }) => location)).size).toBe(3)
  })

  it('have one file, whatever the order in which graphs use them and however often', async () => {
    const [once] = await contents(sum(derived(model, 'a'), derived(model, 'b')))
    const again = await contents(sum(derived(model, 'b'), derived(model, 'a'), derived(model, 'b')))
    expect(again).toEqual([once])
  })

  it('have another file where one of them follows otherwise or is not there', async () => {
    const both = await contents(sum(derived(model, 'a'), derived(model, 'b')))
    expect(await contents(sum(derived(model, 'a'), derived(model, 'b scaled')))).not.toEqual(both)
    expect(await contents(sum(derived(model, 'a')))).not.toEqual(both)
  })

  it('of two models are never mixed', async () => {
    const { files } = await encodeGraph(sum(derived(model, 'a'), derived(other, 'a')))
    expect(files.map(({ derived }) => derived!.from)).toEqual([model, other])
  })

  it('lie among the others where they are small', async () => {
    const small = constant('small', [300], () => new Float32Array(300), {
      derived: { from: model, part: 'image', how: 'small' },
    })
    expect(await contents({ y: small })).toEqual([undefined])
  })
})
