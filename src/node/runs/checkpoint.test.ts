import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { rejection } from '../../../test/support/rejection.js'
import type { ParameterSpec } from '../../core/methods/method.js'
import type { TrainerState } from '../../core/train/trainer.js'
import { readCheckpoint, writeCheckpoint } from './checkpoint.js'

const spec = (name: string, ...shape: number[]): ParameterSpec => ({
  name,
  shape,
  init: () => new Float32Array(shape.reduce((a, b) => a * b, 1)),
})
const specs = [spec('text.ctx', 2, 3), spec('image.ctx', 4)]
const values = (from: number, length: number) => Float32Array.from({ length }, (_, i) => from + i / 7)
const state: TrainerState = {
  epoch: 12,
  parameters: new Map([
    ['text.ctx', values(1, 6)],
    ['image.ctx', Float32Array.of(Number.MIN_VALUE, -0, 1e-45, 3.4e38)],
  ]),
  optimizer: {
    step: 480,
    buffers: new Map([
      ['text.ctx', values(-2, 6)],
      ['image.ctx', values(3, 4)],
    ]),
  },
  aggregation: {
    epoch: 12,
    sum: new Map([
      ['text.ctx', values(0.5, 6)],
      ['image.ctx', values(0.25, 4)],
    ]),
  },
}

let folder: string
let path: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'checkpoint-'))
  path = join(folder, 'epoch-012.safetensors')
})
afterEach(() => rm(folder, { recursive: true, force: true }))

describe('a checkpoint', () => {
  it('is read bit for bit as it was written', async () => {
    await writeCheckpoint(path, state, specs)
    expect(await readCheckpoint(path, specs)).toEqual(state)
  })

  it('keeps the absence of aggregation and of optimizer buffers', async () => {
    const plain = { epoch: 1, parameters: state.parameters, optimizer: { step: 40, buffers: new Map() } }
    await writeCheckpoint(path, plain, specs)
    expect(await readCheckpoint(path, specs)).toEqual(plain)
  })

  it('is the same file for the same state', async () => {
    await writeCheckpoint(path, state, specs)
    const first = await readFile(path)
    await writeCheckpoint(path, state, specs)
    expect((await readFile(path)).equals(first)).toBe(true)
  })

  it.each([
    ['cut short', (bytes: Buffer) => bytes.subarray(0, -5)],
    ['empty', () => Buffer.alloc(0)],
    ['with a block of zeros', (bytes: Buffer) => bytes.fill(0, bytes.length - 24)],
    [
      'with a flipped bit',
      (bytes: Buffer) => Buffer.from(bytes.map((b, i) => (i === bytes.length - 1 ? b ^ 1 : b))),
    ],
  ])('%s is refused by name', async (_, damage) => {
    await writeCheckpoint(path, state, specs)
    await writeFile(path, damage(await readFile(path)))
    expect(await rejection(() => readCheckpoint(path, specs))).toContain(path)
  })

  it('of other settings is refused, naming the tensor', async () => {
    await writeCheckpoint(path, state, specs)
    const other = [spec('text.ctx', 2, 4), spec('image.ctx', 4)]
    expect(await rejection(() => readCheckpoint(path, other))).toContain('text.ctx has shape [2,3]')
    const more = [...specs, spec('deep.0', 4)]
    expect(await rejection(() => readCheckpoint(path, more))).toContain('deep.0')
  })
})
