import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openRuntime } from '../../node/runtime/open-runtime.js'
import { randomStream } from '../random.js'
import { normalized } from '../rows.js'
import type { Runtime } from '../runtime/session.js'
import { heldOutProbabilities } from './cross-validation.js'
import { examine, type SeenPicture } from './examine.js'
import { nearestRows } from './nearest-rows.js'

let runtime: Runtime
beforeAll(async () => {
  runtime = await openRuntime({ threads: 1 })
})
afterAll(() => runtime.close())

const width = 8
/** A direction of a class with noise, of unit length. */
function feature(label: number, random = randomStream(label, 'feature'), noise = 0.15): Float32Array {
  const row = Float32Array.from({ length: width }, () => noise * random.normal())
  row[label]! += 1
  return normalized(row)
}
const rowsOf = (rows: readonly Float32Array[]) => Float32Array.from(rows.flatMap((row) => [...row]))

describe('the nearest rows', () => {
  it('are those of the largest cosines, over several blocks', async () => {
    const random = randomStream(1, 'rows')
    const rows = Array.from({ length: 1500 }, () =>
      normalized(Float32Array.from({ length: width }, () => random.normal())),
    )
    const { rows: near, cosines, k } = await nearestRows(runtime, rowsOf(rows), width, 3)
    for (const i of [0, 777, 1023, 1024, 1499]) {
      const expected = rows
        .map((row, j) => ({ j, cosine: row.reduce((sum, value, d) => sum + value * rows[i]![d]!, 0) }))
        .filter(({ j }) => j !== i)
        .sort((a, b) => b.cosine - a.cosine)
        .slice(0, 3)
      expect([...near.slice(i * k, i * k + k)]).toEqual(expected.map(({ j }) => j))
      expect(cosines[i * k]).toBeCloseTo(expected[0]!.cosine, 5)
    }
  })

  it('are none where there is one row', async () => {
    expect([...(await nearestRows(runtime, feature(0), width, 2)).rows]).toEqual([-1, -1])
    expect((await nearestRows(runtime, new Float32Array(), width, 2)).rows).toHaveLength(0)
  })
})

it('judges a picture neither by itself nor by its copies', async () => {
  // Two copies of a picture that nothing else is like, labelled 0: with its copy in training it would be sure of 0.
  const random = randomStream(3, 'judge')
  const labels = [0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 0, 0]
  const rows = labels.map((label, i) => feature(i >= 12 ? 1 : label, random))
  rows[13] = rows[12]!
  const groups = labels.map((_, i) => (i === 13 ? 12 : i))
  const options = { runtime, features: rowsOf(rows), labels: Int32Array.from(labels), classes: 2 }
  const probabilities = await heldOutProbabilities({ ...options, groups })
  expect(probabilities[2 * 12]).toBeLessThan(0.5)
  expect(probabilities[2 * 13]).toBeLessThan(0.5)
  for (let i = 0; i < labels.length; i++)
    expect(probabilities[2 * i]! + probabilities[2 * i + 1]!).toBeCloseTo(1, 5)
})

describe('an examination', () => {
  const noise = randomStream(5, 'thumbnails')
  const seen = (name: string, label: number, more: Partial<SeenPicture> = {}): SeenPicture => ({
    name,
    part: 'train',
    label,
    facts: {
      width: 100,
      height: 100,
      sharpness: 500,
      brightness: { 5: 20, 50: 120, 95: 230 },
      thumbnail: Uint8Array.from({ length: 3072 }, () => 255 * noise.uniform()),
      content: name,
    },
    ...more,
  })
  const random = randomStream(6, 'examined')
  const pictures: SeenPicture[] = []
  const features: Float32Array[] = []
  for (let i = 0; i < 40; i++) {
    const label = i % 4
    pictures.push(seen(`${i}`, label))
    features.push(feature(label, random))
  }
  // A copy in test, a wrong label, something else altogether, an unreadable file and a dark picture.
  pictures.push({ ...pictures[0]!, name: 'copy', part: 'test' })
  features.push(features[0]!)
  pictures.push(seen('wrong', 2))
  features.push(feature(1, random))
  pictures.push(seen('odd', 3))
  features.push(feature(6, random))
  pictures.push(seen('bad', 0, { facts: undefined, problem: 'text' }))
  pictures.push(
    seen('night', 1, {
      facts: { ...seen('night', 1).facts!, brightness: { 5: 0, 50: 5, 95: 9 } },
    }),
  )
  features.push(feature(1, random))

  it('names each by its place among all pictures', async () => {
    const steps = new Set<string>()
    const found = await examine({
      name: 'data',
      classNames: ['a', 'b', 'c', 'd'],
      pictures,
      features: rowsOf(features),
      runtime,
      resolution: 64,
      baseNovel: true,
      onProgress: (step) => steps.add(step),
    })
    expect(found.groups).toEqual([{ images: [0, 40], exact: true }])
    expect(found.doubts).toEqual([expect.objectContaining({ index: 41, given: 2, likely: 1 })])
    expect(found.unlike.map(({ index }) => index)).toEqual([42])
    expect(found.poor.map(({ index, kind }) => [index, kind])).toEqual([[44, 'dark']])
    expect(found.pictures[43]).toMatchObject({ name: 'bad', problem: 'text', content: undefined, pixels: 0 })
    expect([...found.base!]).toEqual([0, 1])
    expect(steps).toContain('judging labels')
  })

  it('stops where it is told to', async () => {
    const signal = AbortSignal.abort(new Error('stopped'))
    const options = { name: 'data', classNames: ['a', 'b', 'c', 'd'], pictures, features: rowsOf(features) }
    await expect(examine({ ...options, runtime, resolution: 64, signal })).rejects.toThrow('stopped')
  })

  it('finds nothing in nothing', async () => {
    const none = { name: 'data', classNames: ['a'], pictures: [], features: new Float32Array() }
    const found = await examine({ ...none, runtime, resolution: 64 })
    expect({ ...found, pictures: undefined }).toMatchObject({ groups: [], doubts: [], unlike: [], poor: [] })
  })
})
