import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { readEpochs } from './training-curves.js'

it('reads the epochs of a log in their order, and passes over steps, torn lines and entries of another shape', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'curves-'))
  const epoch = (epoch: number, more: object = {}) =>
    JSON.stringify({
      event: 'epoch',
      epoch,
      learningRate: 0.1 / epoch,
      losses: { total: 3 - epoch, ce: 1 },
      accuracy: 50,
      ...more,
    })
  const step = JSON.stringify({ event: 'step', epoch: 1, step: 1, losses: { total: 3 } })
  const lines = [step, epoch(1), epoch(1, { accuracy: 'high' }), epoch(2), epoch(3).slice(0, 40)]
  await writeFile(join(folder, 'log.jsonl'), lines.join('\n'))
  expect(await readEpochs(folder)).toEqual([
    { event: 'epoch', learningRate: 0.1, losses: { total: 2, ce: 1 }, accuracy: 50 },
    { event: 'epoch', learningRate: 0.05, losses: { total: 1, ce: 1 }, accuracy: 50 },
  ])
  expect(await readEpochs(join(folder, 'none'))).toEqual([])
  await rm(folder, { recursive: true })
})
