import { expect, it } from 'vitest'
import type { UnitTask } from '../engine.js'
import { type Place, planArrays, ranges } from './arrays.js'

const task = (name: string): UnitTask => ({ folder: name, name, after: [] })

/** Arrays as text: `index:name … after dependency`. */
const plan = (needs: Record<string, Place[]>, most = 1000) =>
  planArrays(Object.keys(needs).map(task), ({ name }) => needs[name]!, most).map(({ tasks, dependency }) => {
    const entries = [...tasks].map(([index, { name }]) => `${index}:${name}`)
    return `${entries.join(' ')}${dependency ? ` after ${dependency}` : ''}`
  })

const at = (job: string, index: number): Place => ({ job, index })

it('puts free units into arrays that Slurm accepts', () => {
  expect(plan({ a: [], b: [], c: [], d: [], e: [] }, 2)).toEqual(['1:a 2:b', '1:c 2:d', '1:e'])
})

it('lets each unit wait for its own need, in as many arrays as one has dependants', () => {
  expect(plan({ a: [at('7', 3)], b: [at('7', 5)], c: [at('7', 3)], d: [at('8', 1)] })).toEqual([
    '3:a 5:b after aftercorr:7',
    '3:c after aftercorr:7',
    '1:d after aftercorr:8',
  ])
})

it('puts units that need the same several units together', () => {
  const both = [at('7', 1), at('8', 2)]
  expect(plan({ a: both, b: [], c: both })).toEqual(['1:a 2:c after afterok:7_1:8_2', '1:b'])
})

it('waits for whole arrays where the list would be long', () => {
  const all = Array.from({ length: 60 }, (_, i) => at(i < 30 ? '7' : '8', i + 1))
  expect(plan({ a: all })).toEqual(['1:a after afterany:7:8'])
})

it.each([
  [[1], '1'],
  [[3, 1, 2], '1-3'],
  [[1, 2, 4, 7, 8, 9], '1-2,4,7-9'],
])('writes indices %j as %s', (indices, text) => {
  expect(ranges(indices)).toBe(text)
})
