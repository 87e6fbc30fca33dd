import { describe, expect, it } from 'vitest'
import { add, constant, encodeGraph, type Tensor, values, WEIGHTS_LOCATION } from './index.js'

const LARGE = 4e6

/** A constant of 16 MB that follows from a model. */
const derived = (from: object, how: string, part = 'image') =>
  constant(how, [LARGE], () => new Float32Array(LARGE), { derived: { from, part, how } })

const sum = (...tensors: Tensor[]) => ({ y: tensors.reduce((total, x) => add(total, x)) })
const locations = async (outputs: Record<string, Tensor>) =>
  (await encodeGraph(outputs)).files.map(({ location }) => location)

describe('large constants that follow from a model', () => {
  const [model, other] = [{}, {}]

  it('lie in files of their own, one a part of the model, whatever else the graph has', async () => {
    const own = values('own', [LARGE], new Float32Array(LARGE))
    const files = (
      await encodeGraph(sum(derived(model, 'a'), own, derived(model, 'b', 'text'), derived(model, 'c')))
    ).files
    expect(files.map(({ from, bytes, weights }) => [from, bytes, weights.length])).toEqual([
      [model, 8 * LARGE, 2],
      [model, 4 * LARGE, 1],
      [undefined, 4 * LARGE, 1],
    ])
    expect(files[2]!.location).toBe(WEIGHTS_LOCATION)
  })

  it('have one file, whatever the order in which graphs use them and however often', async () => {
    const [once] = await locations(sum(derived(model, 'a'), derived(model, 'b')))
    const again = await locations(sum(derived(model, 'b'), derived(model, 'a'), derived(model, 'b')))
    expect(again).toEqual([once])
  })

  it('have another file where one of them follows otherwise or is not there', async () => {
    const both = await locations(sum(derived(model, 'a'), derived(model, 'b')))
    expect(await locations(sum(derived(model, 'a'), derived(model, 'b scaled')))).not.toEqual(both)
    expect(await locations(sum(derived(model, 'a')))).not.toEqual(both)
  })

  it('of two models are never mixed', async () => {
    const { files } = await encodeGraph(sum(derived(model, 'a'), derived(other, 'a')))
    expect(files.map(({ from }) => from)).toEqual([model, other])
  })

  it('lie among the others where they are small', async () => {
    const small = constant('small', [300], () => new Float32Array(300), {
      derived: { from: model, part: 'image', how: 'small' },
    })
    expect(await locations({ y: small })).toEqual([WEIGHTS_LOCATION])
  })
})
