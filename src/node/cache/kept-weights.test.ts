import { mkdtempSync, readdirSync, rmSync, truncateSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { add, constant, encodeGraph, input, values } from '../../core/graph/index.js'
import { nodeRuntime } from '../runtime/node-runtime.js'
import { DiskCache } from './disk-cache.js'
import { keptWeights } from './kept-weights.js'

const folder = mkdtempSync(join(tmpdir(), 'promptsrc-kept-weights-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const SIZE = 4e6

/** y = x + weights of a model + other constants; counts how often the weights are loaded. */
function graphOf(tensors: object, counts: { loads: number }) {
  const load = () => {
    counts.loads++
    return Float32Array.from({ length: SIZE }, (_, i) => i % 7)
  }
  const weight = constant('weight', [SIZE], load, { derived: { from: tensors, part: 'image', how: 'ramp' } })
  const own = values('own', [SIZE], new Float32Array(SIZE).fill(0.5))
  return encodeGraph({ y: add(add(input('x', [1]), weight), own) })
}

/** What a process computes that has this cache. */
async function computed(cache: string, { worker = false, hash = 'a', maxBytes = 1e9 } = {}) {
  const disk = new DiskCache({ folder: join(folder, cache), maxBytes })
  const [tensors, counts] = [{}, { loads: 0 }]
  const kept = keptWeights(disk, tensors, async () => hash)
  await using runtime = nodeRuntime({ worker, threads: 1 }, kept)
  const session = await runtime.compile(await graphOf(tensors, counts))
  const { y } = await session.run({ x: { shape: [1], data: Float32Array.of(10) } })
  await disk.settled()
  return { loads: counts.loads, values: [0, 1, 6, SIZE - 1].map((i) => y!.data[i]), disk }
}

const right = [10.5, 11.5, 16.5, 10.5 + ((SIZE - 1) % 7)]
const files = (cache: string) =>
  readdirSync(join(folder, cache), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.includes('.weights'))
    .map((entry) => join(entry.parentPath, entry.name))

it.each([false, true])(
  'a later process maps what an earlier one has computed (in a worker: %s)',
  async (worker) => {
    const cache = `maps-${worker}`
    const first = await computed(cache, { worker })
    expect([first.loads, first.values]).toEqual([1, right])
    expect(await first.disk.usage()).toContainEqual({ kind: 'weights', entries: 1, bytes: 4 * SIZE })
    const second = await computed(cache, { worker })
    expect([second.loads, second.values]).toEqual([0, right])
  },
)

it('a file that was cut short is computed anew', async () => {
  await computed('cut')
  truncateSync(files('cut')[0]!, 1000)
  expect(await computed('cut')).toMatchObject({ loads: 1, values: right })
  expect(await computed('cut')).toMatchObject({ loads: 0, values: right })
})

it('a file that goes away once it was found is done without', async () => {
  await computed('gone')
  const disk = new DiskCache({ folder: join(folder, 'gone'), maxBytes: 1e9 })
  const [tensors, counts] = [{}, { loads: 0 }]
  const kept = keptWeights(disk, tensors, async () => 'a')
  const vanishing = {
    ...kept,
    find: async (...what: Parameters<typeof kept.find>) => {
      const found = await kept.find(...what)
      for (const file of files('gone')) rmSync(file)
      return found
    },
  }
  await using runtime = nodeRuntime({ worker: false, threads: 1 }, vanishing)
  const session = await runtime.compile(await graphOf(tensors, counts))
  const { y } = await session.run({ x: { shape: [1], data: Float32Array.of(10) } })
  expect([counts.loads, y!.data[6]]).toEqual([1, 16.5])
})

it('nothing is taken from another model', async () => {
  await computed('models', { hash: 'a' })
  expect((await computed('models', { hash: 'b' })).loads).toBe(1)
})

it('a cache that is too small for it keeps nothing', async () => {
  expect((await computed('small', { maxBytes: 1e7 })).values).toEqual(right)
  expect((await computed('small', { maxBytes: 1e7 })).loads).toBe(1)
})
