import { createHash } from 'node:crypto'
import { copyFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { rejection } from '../../../test/support/rejection.js'
import type { ParameterSpec } from '../../core/methods/method.js'
import type { TrainerState } from '../../core/train/trainer.js'
import type { TensorData, TensorsToWrite } from '../../core/weights/safetensors.js'
import { openSafetensors, writeSafetensors } from '../weights/safetensors-file.js'
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

/** Writes the checkpoint again with other metadata. */
async function rewrite(
  change: (metadata: Readonly<Record<string, string>>, tensors: TensorsToWrite) => Record<string, string>,
): Promise<void> {
  const file = await openSafetensors(path)
  const tensors = new Map<string, TensorData>()
  for (const [name, entry] of file.entries)
    tensors.set(name, { shape: entry.shape, data: await entry.read() })
  await file.close()
  await writeSafetensors(path, tensors, change(file.metadata, tensors))
}

describe('a checkpoint', () => {
  it('is read bit for bit as it was written', async () => {
    await writeCheckpoint(path, state, specs)
    expect(await readCheckpoint(path, specs)).toEqual(state)
  })

  it('keeps the absence of aggregation and of optimizer buffers', async () => {
    const plain = { epoch: 12, parameters: state.parameters, optimizer: { step: 40, buffers: new Map() } }
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

  it.each([
    ['epoch', '13'],
    ['epoch', 'x2'],
    ['epoch', '-2'],
    ['epoch', '.5'],
    ['step', '481'],
    ['aggregation', 'no'],
    ['format', 'promptsrc-checkpoint-1'],
  ])('with the %s changed to %s is refused by name', async (key, value) => {
    await writeCheckpoint(path, state, specs)
    await rewrite((metadata) => ({ ...metadata, [key]: value }))
    expect(await rejection(() => readCheckpoint(path, specs))).toContain(path)
  })

  it('under the name of another epoch is refused', async () => {
    await writeCheckpoint(path, state, specs)
    const other = join(folder, 'epoch-011.safetensors')
    await copyFile(path, other)
    expect(await rejection(() => readCheckpoint(other, specs))).toContain('written after epoch 12')
  })

  describe('of version 0.1, whose hash covers the tensors alone,', () => {
    // As that version computed it.
    const asOf01 = (tensors: TensorsToWrite) => (metadata: Readonly<Record<string, string>>) => {
      const hash = createHash('sha256')
      for (const name of [...tensors.keys()].sort()) {
        hash
          .update(`${name}\0`)
          .update(new Uint8Array((tensors.get(name)!.data as Float32Array).slice().buffer))
      }
      return { ...metadata, format: 'promptsrc-checkpoint-1', sha256: hash.digest('hex') }
    }

    it('is read bit for bit', async () => {
      await writeCheckpoint(path, state, specs)
      await rewrite((metadata, tensors) => asOf01(tensors)(metadata))
      expect(await readCheckpoint(path, specs)).toEqual(state)
    })

    it.each([
      ['epoch', '13'],
      ['epoch', 'x'],
      ['step', '-5'],
      ['step', '2.5'],
      ['aggregation', 'none'],
    ])('is refused with the %s changed to %s', async (key, value) => {
      await writeCheckpoint(path, state, specs)
      await rewrite((metadata, tensors) => ({ ...asOf01(tensors)(metadata), [key]: value }))
      expect(await rejection(() => readCheckpoint(path, specs))).toContain(path)
    })
  })

  it('of other settings is refused, naming the tensor', async () => {
    await writeCheckpoint(path, state, specs)
    const other = [spec('text.ctx', 2, 4), spec('image.ctx', 4)]
    expect(await rejection(() => readCheckpoint(path, other))).toContain('text.ctx has shape [2,3]')
    const more = [...specs, spec('deep.0', 4)]
    expect(await rejection(() => readCheckpoint(path, more))).toContain('deep.0')
  })
})
