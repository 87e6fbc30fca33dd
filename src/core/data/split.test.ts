import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { ConfigError, DataError } from '../errors.js'
import { PythonRandom } from './python-random.js'
import { splitTrainVal } from './split.js'

const golden = JSON.parse(readFileSync('test/golden/fewshot/split_trainval.json', 'utf8')) as {
  items: [path: string, label: number, className: string][]
  runs: { seed: number; p_val: number; train_indices: number[]; val_indices: number[] }[]
}

const items = golden.items.map(([, label], index) => ({ index, label }))

describe('splitTrainVal', () => {
  it.each(golden.runs)(
    'divides as the reference, seed $seed',
    ({ seed, p_val, train_indices, val_indices }) => {
      const { train, val } = splitTrainVal(items, p_val, new PythonRandom(seed))
      expect(train.map(({ index }) => index)).toEqual(train_indices)
      expect(val.map(({ index }) => index)).toEqual(val_indices)
    },
  )

  it('refuses a class that would have no validation image, and a fraction that is none', () => {
    expect(() => splitTrainVal([{ label: 3 }], 0.2, new PythonRandom(1))).toThrow(DataError)
    expect(() => splitTrainVal(items, 1, new PythonRandom(1))).toThrow(ConfigError)
  })
})
