import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { type Decay, learningRate, type ScheduleConfig, type Warmup } from './schedule.js'

interface GoldenSchedule {
  lr: number
  max_epoch: number
  warmup_type: 'constant' | 'linear' | null
  warmup_epoch: number
  warmup_cons_lr: number
  warmup_min_lr: number
  warmup_recount: boolean
  lr_per_epoch: number[]
  lr_after_last: number
}

const golden = JSON.parse(readFileSync('test/golden/schedules.json', 'utf8')) as { lr: GoldenSchedule[] }

function configOf(entry: GoldenSchedule): ScheduleConfig {
  const base = { lr: entry.lr, epochs: entry.max_epoch, decay: { type: 'cosine' } as const }
  if (entry.warmup_type === null) return base
  const common = { epochs: entry.warmup_epoch, recount: entry.warmup_recount }
  const warmup: Warmup =
    entry.warmup_type === 'constant'
      ? { ...common, type: 'constant', lr: entry.warmup_cons_lr }
      : { ...common, type: 'linear', minLr: entry.warmup_min_lr }
  return { ...base, warmup }
}

const rates = (config: ScheduleConfig, count: number) =>
  Array.from({ length: count }, (_, i) => learningRate(config, i + 1))

describe('learningRate', () => {
  it.each(golden.lr.map((entry, i) => [i, entry] as const))(
    'equals the reference, setting %i',
    (_, entry) => {
      const config = configOf(entry)
      for (const [i, expected] of [...entry.lr_per_epoch, entry.lr_after_last].entries()) {
        expect(Math.abs(learningRate(config, i + 1) - expected)).toBeLessThanOrEqual(1e-12 * expected + 1e-30)
      }
    },
  )

  it('divides the rate every stepSize epochs', () => {
    const decay: Decay = { type: 'single_step', stepSize: 2, gamma: 0.5 }
    expect(rates({ lr: 8, epochs: 6, decay }, 6)).toEqual([8, 8, 4, 4, 2, 2])
    const once: Decay = { type: 'single_step', stepSize: -1, gamma: 0.5 }
    expect(rates({ lr: 8, epochs: 3, decay: once }, 4)).toEqual([8, 8, 8, 4])
  })

  it('divides the rate at milestones, a repeated one twice', () => {
    const decay: Decay = { type: 'multi_step', milestones: [3, 1, 3], gamma: 0.5 }
    expect(rates({ lr: 8, epochs: 5, decay }, 5)).toEqual([8, 4, 4, 1, 1])
  })

  it('counts steps from the end of the warm-up, or from the first epoch without recount', () => {
    const decay: Decay = { type: 'single_step', stepSize: 2, gamma: 0.5 }
    const warmup = { type: 'constant', epochs: 1, lr: 1 } as const
    expect(rates({ lr: 8, epochs: 5, decay, warmup }, 5)).toEqual([1, 8, 8, 4, 4])
    expect(rates({ lr: 8, epochs: 5, decay, warmup: { ...warmup, recount: false } }, 5)).toEqual([
      1, 8, 4, 4, 2,
    ])
  })

  it.each([0, -1, 1.5, Number.NaN])('refuses epoch %d', (epoch) => {
    expect(() => learningRate({ lr: 1, epochs: 3, decay: { type: 'cosine' } }, epoch)).toThrow(RangeError)
  })
})
