import { expect, it } from 'vitest'
import { Parallel } from './parallel.js'

const machine = { cores: 8, totalMB: 32_000, freeMB: 32_000 }
const small = { cores: 16, totalMB: 10_000, freeMB: 10_000 }

it.each([
  ['one unit a core where memory allows', machine, [], undefined, 8, 1],
  ['fewer where a unit may need more', small, [], undefined, 4, 4],
  ['fewer where units have needed more', machine, [500, 8000], undefined, 3, 1],
  ['no more than at first where they need less, since threads stay', small, [100], undefined, 4, 4],
  [
    'fewer where little memory is free, with the same threads',
    { ...machine, freeMB: 5000 },
    [],
    undefined,
    2,
    1,
  ],
  ['one at least', { ...machine, freeMB: 10 }, [], undefined, 1, 1],
  ['as many as are asked for', small, [8000], 5, 5, 3],
  ['more than cores if asked', machine, [], 20, 20, 1],
  ['one with all threads', machine, [], 1, 1, undefined],
] as const)('runs %s', (_, where, peaks, jobs, limit, threads) => {
  const parallel = new Parallel(peaks, jobs, where)
  expect({ limit: parallel.limit, threads: parallel.threads }).toEqual({ limit, threads })
})

it('learns from units as they end', () => {
  const parallel = new Parallel([], undefined, machine)
  parallel.learn(12_000)
  expect(parallel.limit).toBe(2)
})
