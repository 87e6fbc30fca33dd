import { createHash } from 'node:crypto'
import { beforeEach, describe, expect, it } from 'vitest'
import { rejection } from '../../../test/support/rejection.js'
import type { ParameterSpec } from '../methods/method.js'
import type { TrainerState } from '../train/trainer.js'
import {
  decodeSafetensors,
  encodeSafetensors,
  type TensorData,
  type TensorsToWrite,
} from '../weights/safetensors.js'
import { encodeCheckpoint, readCheckpoint } from './checkpoint.js'

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

const path = 'run/epoch-012.safetensors'

/** What lies in the file. */
let bytes: Uint8Array
beforeEach(async () => {
  bytes = await encodeCheckpoint(state, specs)
})

const opened = () => decodeSafetensors(bytes, path)
const read = async (of = specs, epoch = 12) => readCheckpoint(await opened(), epoch, of)

/** Writes the checkpoint again with other metadata. */
async function rewrite(
  change: (metadata: Readonly<Record<string, string>>, tensors: TensorsToWrite) => Record<string, string>,
): Promise<void> {
  const file = await opened()
  const tensors = new Map<string, TensorData>()
  for (const [name, entry] of file.entries)
    tensors.set(name, { shape: entry.shape, data: await entry.read() })
  bytes = encodeSafetensors(tensors, change(file.metadata, tensors))
}

describe('a checkpoint', () => {
  it('is read bit for bit as it was written', async () => {
    expect(await read()).toEqual(state)
  })

  it('keeps the absence of aggregation and of optimizer buffers', async () => {
    const plain = { epoch: 12, parameters: state.parameters, optimizer: { step: 40, buffers: new Map() } }
    bytes = await encodeCheckpoint(plain, specs)
    expect(await read()).toEqual(plain)
  })

  it('is the same file for the same state', async () => {
    expect(await encodeCheckpoint(state, specs)).toEqual(bytes)
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
    bytes = damage(Buffer.from(bytes))
    expect(await rejection(() => read())).toContain(path)
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
    await rewrite((metadata) => ({ ...metadata, [key]: value }))
    expect(await rejection(() => read())).toContain(path)
  })

  it('under the name of another epoch is refused', async () => {
    expect(await rejection(() => read(specs, 11))).toContain('written after epoch 12')
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
      await rewrite((metadata, tensors) => asOf01(tensors)(metadata))
      expect(await read()).toEqual(state)
    })

    it.each([
      ['epoch', '13'],
      ['epoch', 'x'],
      ['step', '-5'],
      ['step', '2.5'],
      ['aggregation', 'none'],
    ])('is refused with the %s changed to %s', async (key, value) => {
      await rewrite((metadata, tensors) => ({ ...asOf01(tensors)(metadata), [key]: value }))
      expect(await rejection(() => read())).toContain(path)
    })
  })

  it('of other settings is refused, naming the tensor', async () => {
    const other = [spec('text.ctx', 2, 4), spec('image.ctx', 4)]
    expect(await rejection(() => read(other))).toContain('text.ctx has shape [2,3]')
    const more = [...specs, spec('deep.0', 4)]
    expect(await rejection(() => read(more))).toContain('deep.0')
  })
})
