import { describe, expect, it } from 'vitest'
import { randomTensor } from '../../../test/support/finite-differences.js'
import { nodeRuntime } from '../../node/runtime/node-runtime.js'
import { nearestTokens } from './nearest-tokens.js'

const runtime = nodeRuntime({ threads: 1, worker: false })
const rows = (width: number, ...values: number[]) => ({ width, data: Float32Array.from(values) })

describe('the nearest tokens', () => {
  it('come nearest first with Euclidean distance and cosine', async () => {
    const table = rows(2, 0, 0, 3, 4, 0, 1, 6, 8)
    const [neighbours] = await nearestTokens(runtime, table, rows(2, 3, 4), 3)
    expect(neighbours!.nearest.map(({ id }) => id)).toEqual([1, 2, 0])
    const [same, up, zero] = neighbours!.nearest
    expect(same).toEqual({ id: 1, distance: 0, cosine: 1 })
    expect(up!.distance).toBeCloseTo(Math.sqrt(18), 12)
    expect(up!.cosine).toBeCloseTo(0.8, 12)
    expect(zero).toEqual({ id: 0, distance: 5, cosine: 0 })
    expect(neighbours!.meanDistance).toBeCloseTo((5 + 0 + Math.sqrt(18) + 5) / 4, 6)
  })

  it('take the smaller id of equals first', async () => {
    const table = rows(1, 5, 1, -1, 1)
    const [neighbours] = await nearestTokens(runtime, table, rows(1, 0), 3)
    expect(neighbours!.nearest.map(({ id }) => id)).toEqual([1, 2, 3])
  })

  it('are all there are when more are asked for', async () => {
    const [neighbours] = await nearestTokens(runtime, rows(1, 1, 2), rows(1, 0), 9)
    expect(neighbours!.nearest).toHaveLength(2)
  })

  it('are none of no vectors', async () => {
    expect(await nearestTokens(runtime, rows(1, 1, 2), rows(1), 9)).toEqual([])
  })

  it('equal a plain search where table and vectors take several pieces', async () => {
    const width = 4
    const table = { width, data: randomTensor('table', [9001, width]).data }
    const vectors = { width, data: randomTensor('vectors', [600, width]).data }
    const found = await nearestTokens(runtime, table, vectors, 4)
    expect(found).toHaveLength(600)
    for (const v of [0, 1, 511, 512, 599]) {
      const distances = Array.from({ length: 9001 }, (_, id) => ({
        id,
        distance: Math.hypot(
          ...[0, 1, 2, 3].map((d) => table.data[id * width + d]! - vectors.data[v * width + d]!),
        ),
      }))
      const mean = distances.reduce((sum, { distance }) => sum + distance, 0) / 9001
      distances.sort((a, b) => a.distance - b.distance)
      expect(found[v]!.nearest.map(({ id }) => id)).toEqual(distances.slice(0, 4).map(({ id }) => id))
      expect(found[v]!.nearest[0]!.distance).toBeCloseTo(distances[0]!.distance, 12)
      expect(found[v]!.meanDistance).toBeCloseTo(mean, 5)
    }
  })

  it('tell tiny distances exactly, which a rounded product would not', async () => {
    const table = rows(2, 1000, 1000, 1000, 1000.001)
    const [neighbours] = await nearestTokens(runtime, table, rows(2, 1000, 1000), 2)
    expect(neighbours!.nearest[0]).toMatchObject({ id: 0, distance: 0 })
    expect(neighbours!.nearest[1]!.distance).toBeCloseTo(Math.fround(1000.001) - 1000, 12)
  })
})
